// The runs that an adapter would give, and the rows that would give none.

import type { AdapterPreview } from "../../api_types";
import { type Column, Table } from "../../parts/table";
import type { AdapterDraft } from "../../pure/adapter";
import { ABSENT, amount, shown } from "../../pure/format";
import { zoneOf } from "../../pure/route";
import { stamp, type Zone } from "../../pure/times";
import { useRoute } from "../../router";

type Run = AdapterPreview["runs"][number];

const COLUMNS: [string, string, string][] = [
  ["device", "Device", ""],
  ["model", "Model", ""],
  ["prompt_tokens", "Prompt", "tokens"],
  ["completion_tokens", "Completion", "tokens"],
  ["latency_ms", "Latency", "ms"],
  ["ttft_ms", "TTFT", "ms"],
  ["tok_s", "tok/s", ""],
];

export function PreviewTable({
  preview,
  adapter,
}: {
  preview: AdapterPreview;
  adapter: AdapterDraft;
}) {
  const zone = zoneOf(useRoute());
  return (
    <>
      <p class={preview.errors.length ? "warn" : "note"} data-runs={preview.runs.length}>
        {amount(preview.runs.length, "run")}
        {preview.errors.length > 0 &&
          `, ${amount(preview.errors.length, "row")} that cannot become one`}
      </p>
      {preview.errors.length > 0 && (
        <ul class="faults">
          {preview.errors.slice(0, 5).map((fault) => (
            <li key={fault.pointer}>
              <code>{fault.pointer}</code> {fault.detail}
            </li>
          ))}
        </ul>
      )}
      {preview.runs.length > 0 && (
        <Table
          label="Runs of the preview"
          class="data tall"
          columns={columnsOf(adapter, zone)}
          rows={preview.runs}
          keyOf={(run, at) => String(run.run_id ?? at)}
        />
      )}
    </>
  );
}

function columnsOf(adapter: AdapterDraft, zone: Zone): Column<Run>[] {
  const numbers = adapter.extra_fields.filter((extra) => extra.kind !== "string");
  return [
    {
      name: "Time",
      cell: ({ ts }) => (typeof ts === "number" ? stamp(ts * 1000, zone) : ABSENT),
    },
    ...COLUMNS.map(([id, name, unit]) => ({ name, id, cell: (run: Run) => cell(run[id], unit) })),
    ...numbers.map(({ label }) => ({
      name: label,
      id: `extra ${label}`,
      cell: (run: Run) => cell((run.extra as Record<string, unknown> | undefined)?.[label], ""),
    })),
  ];
}

function cell(value: unknown, unit: string): string {
  if (typeof value === "number") return shown(value, unit === "tokens" ? "" : unit);
  return value === null || value === undefined ? ABSENT : String(value);
}
