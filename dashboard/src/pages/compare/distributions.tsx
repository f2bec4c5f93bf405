// How the values of both sides spread: the newest runs of each in the same bins, and percentiles.

import { useMemo } from "preact/hooks";
import { get } from "../../api";
import type { CompareAnswer, RunAnswer, UsageAnswer } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { Skeleton, Trouble } from "../../parts/notes";
import { Table } from "../../parts/table";
import { digits, scaleFor, shown } from "../../pure/format";
import { histogram } from "../../pure/histogram";
import { pathWith, type Query } from "../../pure/request";
import { type Side, sideQuery } from "../../pure/sides";
import { useQuery } from "../../query";

const METRICS = [
  ["latency_ms", "Latency", "ms"],
  ["ttft_ms", "Time to first token", "ms"],
  ["tok_s", "Decode speed", "tok/s"],
] as const;
const PERCENTILES = ["p50", "p90", "p95", "p99"] as const;
const MOST = 1000;

interface Props {
  comparison: CompareAnswer;
  sides: { a: Side; b: Side };
  shared: Query;
}

export function Distributions({ comparison, sides, shared }: Props) {
  const a = useRuns(sides.a, shared);
  const b = useRuns(sides.b, shared);
  const error = a.error ?? b.error;
  if (error)
    return (
      <Trouble problem={error} what="The distributions could not be loaded." onAgain={refresh} />
    );
  return (
    <section>
      <h2>Distributions</h2>
      <div class="grid three">
        {METRICS.map(([id, name, unit]) => (
          <section key={id} class="card">
            <h3>{name}</h3>
            {a.data && b.data ? (
              <Histogram
                a={a.data.runs}
                b={b.data.runs}
                id={id}
                unit={unit}
                totals={[comparison.a.ok, comparison.b.ok]}
              />
            ) : (
              <Skeleton height={150} />
            )}
            <Percentiles comparison={comparison} id={id} unit={unit} />
          </section>
        ))}
      </div>
    </section>
  );
}

function useRuns(side: Side, shared: Query) {
  const whole: Query = [
    ["bucket", String(366 * 86_400)],
    ["runs", String(MOST)],
  ];
  const own = new Set(side.filters.map(([name]) => name));
  const path = pathWith("/usage", [
    ...shared.filter(([name]) => !own.has(name)),
    ...sideQuery(side, ""),
    ...whole,
  ]);
  const asOf = useAsOf();
  return useQuery<UsageAnswer>(`${path} ${asOf}`, (signal) => get(path, signal), path);
}

type Metric = (typeof METRICS)[number][0];

interface HistogramProps {
  a: RunAnswer[];
  b: RunAnswer[];
  id: Metric;
  unit: string;
  totals: [number, number];
}

function Histogram({ a, b, id, unit, totals }: HistogramProps) {
  const values = (runs: RunAnswer[]) =>
    runs
      .filter((run) => run.ok)
      .map((run) => run[id])
      .filter((value) => value !== null);
  const [left, right] = useMemo(() => [values(a), values(b)], [a, b, id]);
  const bins = useMemo(() => histogram(left, right), [left, right]);
  if (!bins) return <p class="blank">No values.</p>;
  const top = Math.max(...bins.a, ...bins.b);
  const last = bins.edges.at(-1) ?? 0;
  const step = scaleFor(unit, last);
  const edge = (value: number) => `${digits(value / step.divide)} ${step.unit}`;
  const isSome = left.length < totals[0] || right.length < totals[1];
  return (
    <>
      <svg
        class="histogram"
        viewBox={`0 0 ${bins.a.length} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Histogram of ${left.length} values of A and ${right.length} of B`}
      >
        <path class="of-b" d={outline(bins.b, top, true)} />
        <path class="of-a" d={outline(bins.a, top, false)} vector-effect="non-scaling-stroke" />
      </svg>
      <p class="note ends">
        <span>{edge(bins.edges[0] ?? 0)}</span>
        <span>{edge(last)} and above</span>
      </p>
      <p class="note">
        <i class="swatch" style={{ background: "var(--side-a)" }} />A (line){" "}
        <i class="swatch" style={{ background: "var(--side-b)" }} />B (filled){" "}
        {isSome &&
          `· the newest ${left.length} of ${shown(totals[0], "runs")} and ${right.length} of ${shown(totals[1], "runs")}`}
      </p>
    </>
  );
}

function outline(shares: number[], top: number, closed: boolean): string {
  const y = (share: number) => (100 - (share / top) * 96).toFixed(2);
  const steps = shares
    .map((share, at) => `${at ? "L" : closed ? "L" : "M"}${at} ${y(share)}L${at + 1} ${y(share)}`)
    .join("");
  return closed ? `M0 100${steps}L${shares.length} 100Z` : steps;
}

function Percentiles({
  comparison,
  id,
  unit,
}: {
  comparison: CompareAnswer;
  id: Metric;
  unit: string;
}) {
  return (
    <Table
      label="Percentiles"
      isNumbers
      columns={[
        { name: "of all", isHeading: true, cell: (side) => side.toUpperCase() },
        ...PERCENTILES.map((name) => ({
          name,
          cell: (side: "a" | "b") => shown(comparison[side][id][name], unit),
        })),
      ]}
      rows={["a", "b"] as const}
      keyOf={(side) => side}
    />
  );
}
