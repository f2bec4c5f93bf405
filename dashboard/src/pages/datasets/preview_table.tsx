// The runs that an adapter would give, and the rows that would give none.

import type { AdapterPreview } from "../../api_types";
import { Scroll } from "../../parts/scroll";
import type { AdapterDraft } from "../../pure/adapter";
import { ABSENT, shown } from "../../pure/format";
import { stamp } from "../../pure/times";
import { useRoute, zoneOf } from "../../router";

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
  const labels = adapter.extra_fields
    .filter((extra) => extra.kind !== "string")
    .map((extra) => extra.label);
  return (
    <>
      <p class={preview.errors.length ? "warn" : "note"} data-runs={preview.runs.length}>
        {preview.runs.length} runs
        {preview.errors.length > 0 && `, ${preview.errors.length} rows that cannot become one`}
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
        <Scroll label="Runs of the preview" class="data tall">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {COLUMNS.map(([id, name]) => (
                  <th key={id} scope="col">
                    {name}
                  </th>
                ))}
                {labels.map((label) => (
                  <th key={label} scope="col">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {preview.runs.map((run, at) => (
                <tr key={String(run.run_id ?? at)}>
                  <td>{typeof run.ts === "number" ? stamp(run.ts * 1000, zone) : ABSENT}</td>
                  {COLUMNS.map(([id, , unit]) => (
                    <td key={id}>{cell(run[id], unit)}</td>
                  ))}
                  {labels.map((label) => (
                    <td key={label}>
                      {cell((run.extra as Record<string, unknown> | undefined)?.[label], "")}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </>
  );
}

function cell(value: unknown, unit: string): string {
  if (typeof value === "number") return shown(value, unit === "tokens" ? "" : unit);
  return value === null || value === undefined ? ABSENT : String(value);
}
