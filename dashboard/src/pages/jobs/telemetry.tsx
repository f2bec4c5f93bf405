// The device before and after: a number says little without how hot it was.

import type { ResultAnswer } from "../../api_types";
import { Scroll } from "../../parts/scroll";
import { shown } from "../../pure/format";

const ROWS: [string, string, string][] = [
  ["battery", "Battery", "%"],
  ["charging", "Charging", ""],
  ["temperature_c", "Temperature", "°C"],
  ["thermal_state", "Thermal state", ""],
  ["cpu_pct", "CPU", "%"],
  ["memory_pct", "Memory", "%"],
  ["memory_used_bytes", "Memory used", "bytes"],
];

type Telemetry = NonNullable<ResultAnswer["telemetry"]>;

export function TelemetryTable({ telemetry }: { telemetry: Telemetry }) {
  const moments = Object.keys(telemetry);
  // The API passes on whatever a device said.
  const read = (moment: string, id: string) =>
    (telemetry[moment] as Record<string, unknown> | null)?.[id];
  const known = ROWS.filter(([id]) => moments.some((moment) => read(moment, id) != null));
  if (known.length === 0) return null;
  return (
    <section class="card">
      <h2>The device then</h2>
      <Scroll label="Telemetry">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Reading</th>
              {moments.map((moment) => (
                <th key={moment} scope="col">
                  {moment}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {known.map(([id, name, unit]) => (
              <tr key={id}>
                <th scope="row">{name}</th>
                {moments.map((moment) => (
                  <td key={moment}>{reading(read(moment, id), unit)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function reading(value: unknown, unit: string): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  return shown(typeof value === "number" ? value : null, unit);
}
