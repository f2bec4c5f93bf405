// The device before and after: a number says little without how hot it was.

import type { ResultAnswer } from "../../api_types";
import { Table } from "../../parts/table";
import { shown } from "../../pure/format";

type Reading = [id: string, name: string, unit: string];

const ROWS: Reading[] = [
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
      <Table
        label="Telemetry"
        isNumbers
        columns={[
          { name: "Reading", isHeading: true, cell: ([, name]: Reading) => name },
          ...moments.map((moment) => ({
            name: moment,
            cell: ([id, , unit]: Reading) => reading(read(moment, id), unit),
          })),
        ]}
        rows={known}
        keyOf={([id]) => id}
      />
    </section>
  );
}

function reading(value: unknown, unit: string): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  return shown(typeof value === "number" ? value : null, unit);
}
