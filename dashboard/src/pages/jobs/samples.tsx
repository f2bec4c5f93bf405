// Each repetition by itself: the spread behind the figures.

import type { ResultAnswer } from "../../api_types";
import { type Column, Table } from "../../parts/table";
import { shown } from "../../pure/format";

type Sample = NonNullable<ResultAnswer["samples"]>[number];

const FIGURES: [string, string, string][] = [
  ["ttft_ms", "TTFT", "ms"],
  ["latency_ms", "Latency", "ms"],
  ["tok_s", "tok/s", ""],
  ["completion_tokens", "Output tokens", ""],
  ["cached_tokens", "Cached", ""],
];

const COLUMNS: Column<Sample>[] = [
  { name: "#", isHeading: true, class: "index", phone: "whole", cell: (_, at) => at + 1 },
  ...FIGURES.map(([id, name, unit]) => ({
    name,
    cell: (sample: Sample) => shown(numberOf(sample[id]), unit),
  })),
  { name: "Ended by", cell: (sample) => String(sample.finish_reason ?? "–") },
  { name: "Left out", cell: (sample) => String(sample.left_out ?? "–") },
];

export function Samples({ result }: { result: ResultAnswer }) {
  const samples = result.samples ?? [];
  if (samples.length < 2) return null;
  return (
    <section class="card">
      <h2>Repetitions</h2>
      <Table
        label="Repetitions"
        isNumbers
        isStack
        columns={COLUMNS}
        rows={samples}
        keyOf={(sample, at) => String(sample.index ?? at)}
      />
    </section>
  );
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
