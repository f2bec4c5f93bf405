// The device before and after: a number says little without how hot it was.

import { Scroll } from "../../parts/scroll";
import { shown } from "../../pure/format";
import type { Result } from "../../schemas";

const ROWS: [string, string, string][] = [
  ["battery", "Battery", "%"],
  ["charging", "Charging", ""],
  ["temperature_c", "Temperature", "°C"],
  ["thermal_state", "Thermal state", ""],
  ["cpu_pct", "CPU", "%"],
  ["memory_pct", "Memory", "%"],
  ["memory_used_bytes", "Memory used", "bytes"],
];

export function TelemetryTable({ telemetry }: { telemetry: NonNullable<Result["telemetry"]> }) {
  const moments = Object.keys(telemetry);
  const known = ROWS.filter(([id]) => moments.some((moment) => telemetry[moment]?.[id] != null));
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
                  <td key={moment}>{reading(telemetry[moment]?.[id], unit)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function reading(value: number | boolean | string | null | undefined, unit: string): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : shown(value, unit);
}
