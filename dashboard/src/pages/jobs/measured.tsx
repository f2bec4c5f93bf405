// A result's metrics, each with who measured it and on which clock.

import type { ResultAnswer } from "../../api_types";
import { type Column, Table } from "../../parts/table";
import { spoken } from "../../pure/conditions";
import { exact, shown, type Unit, unitIn } from "../../pure/format";
import { how, repetitionsOf } from "../../pure/provenance";

const NAMES: Record<keyof ResultAnswer["metrics"], [string, Unit]> = {
  ttft_ms: ["Time to first token", "ms"],
  latency_ms: ["Latency", "ms"],
  tok_s: ["Decode speed", "tok/s"],
  tpot_ms: ["Time per output token", "ms"],
  prefill_tps: ["Prefill speed", "tok/s"],
  load_ms: ["Loading the model", "ms"],
  prompt_tokens: ["Prompt tokens", "tokens"],
  completion_tokens: ["Completion tokens", "tokens"],
};

const METRICS = Object.keys(NAMES) as (keyof typeof NAMES)[];

interface Line {
  /** Null for an extra value, which has the name that the device gave it. */
  id: keyof typeof NAMES | null;
  name: string;
  value: number | null;
  unit: Unit;
  how: string;
}

const COLUMNS: Column<Line>[] = [
  { name: "Metric", isHeading: true, phone: "whole", cell: (line) => line.name },
  {
    name: "Value",
    phone: "bare",
    about: ({ value }) => ({ "data-value": value ?? "", title: exact(value) }),
    cell: (line) => shown(line.value, line.unit),
  },
  { name: "How", isText: true, class: "note", phone: "most", cell: (line) => line.how },
];

export function Measured({ result }: { result: ResultAnswer }) {
  return (
    <section class="card">
      <header>
        <h2>Measured</h2>
        <span class="note" title="Times and counts are means of them, speeds are ratios of sums">
          {repetitionsOf(result.samples ?? [])}
        </span>
      </header>
      <Table
        label="Metrics"
        isNumbers
        isStack
        columns={COLUMNS}
        rows={linesOf(result)}
        keyOf={(line) => line.id ?? `extra ${line.name}`}
        about={(line) => ({ "data-metric": line.id })}
      />
      <Conditions conditions={result.conditions} />
    </section>
  );
}

function Conditions({ conditions }: { conditions: ResultAnswer["conditions"] }) {
  const known = Object.entries(conditions);
  if (known.length === 0) return null;
  return (
    <>
      <h3>Conditions</h3>
      <dl class="facts" aria-label="Conditions">
        {known.map(([name, value]) => (
          <div key={name} data-condition={name}>
            <dt>{spoken(name)}</dt>
            <dd class="wrap">{String(value)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function linesOf({ metrics, provenance, extra }: ResultAnswer): Line[] {
  return [
    ...METRICS.map((id) => ({
      id,
      name: NAMES[id][0],
      value: metrics[id],
      unit: NAMES[id][1],
      how: how(provenance?.[id], metrics[id]),
    })),
    ...Object.entries(extra).map(([name, value]) => ({
      id: null,
      name,
      value,
      unit: unitIn(name),
      how: "reported by the device",
    })),
  ];
}
