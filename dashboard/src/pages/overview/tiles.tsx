// The figures of the window, each with its shape over time and its change against the window before.

import type { Stats, SummaryAnswer, UsageAnswer } from "../../api_types";
import { Spark } from "../../charts/spark";
import { changePct, changeShown, exact, glue, quantity, shown, type Unit } from "../../pure/format";
import { tokensOf } from "../../pure/tokens";

interface Figure {
  id: string;
  name: string;
  unit: Unit;
  better: "higher" | "lower" | null;
  how: string;
  read: (stats: Stats) => number | null;
  /** Of how many runs it is, where not all have a value. */
  count?: (stats: Stats) => number;
  /** A second value beside the first. */
  beside?: { name: string; read: (stats: Stats) => number | null };
}

const FIGURES: Figure[] = [
  {
    id: "runs",
    name: "Runs",
    unit: "runs",
    better: null,
    how: "Runs in the window that pass the filters",
    read: (s) => s.runs,
  },
  {
    id: "error_rate",
    name: "Error rate",
    unit: "share",
    better: "lower",
    how: "Failed runs / all runs",
    read: (s) => s.error_rate,
  },
  {
    id: "total_tokens",
    name: "Tokens",
    unit: "tokens",
    better: null,
    how: "Prompt and completion tokens of the runs that say how many",
    read: tokensOf,
  },
  {
    id: "ttft_ms",
    name: "TTFT p50",
    unit: "ms",
    better: "lower",
    how: "Time to first token: request sent to first non-empty token, of successful runs",
    read: (s) => s.ttft_ms.p50,
    count: (s) => s.ttft_ms.n,
    beside: { name: "p95", read: (s) => s.ttft_ms.p95 },
  },
  {
    id: "latency_ms",
    name: "Latency p50",
    unit: "ms",
    better: "lower",
    how: "Request sent to last token, of successful runs",
    read: (s) => s.latency_ms.p50,
    count: (s) => s.latency_ms.n,
    beside: { name: "p95", read: (s) => s.latency_ms.p95 },
  },
  {
    id: "tok_s",
    name: "Decode speed p50",
    unit: "tok/s",
    better: "higher",
    how: "Second and later tokens per second, of successful runs",
    read: (s) => s.tok_s.p50,
    count: (s) => s.tok_s.n,
    beside: { name: "overall", read: (s) => s.throughput_tps },
  },
];

interface Props {
  summary: SummaryAnswer;
  series: UsageAnswer | null;
  path: string;
}

export function Tiles({ summary, series }: Props) {
  return (
    <section class="tiles" aria-label="Figures of the window">
      {FIGURES.map((figure) => (
        <Tile key={figure.id} figure={figure} summary={summary} series={series} />
      ))}
    </section>
  );
}

function Tile({
  figure,
  summary,
  series,
}: {
  figure: Figure;
  summary: SummaryAnswer;
  series: UsageAnswer | null;
}) {
  const value = figure.read(summary);
  const { text, unit } = quantity(value, figure.unit);
  const before = figure.read(summary.previous);
  return (
    <div class="tile card" data-figure={figure.id} data-value={value ?? ""}>
      <h2 title={figure.how}>
        {figure.name}
        {figure.better && <Direction better={figure.better} />}
      </h2>
      <p class="value" title={`${exact(value)} ${figure.unit === "share" ? "" : figure.unit}`}>
        {text}
        <span class={glue(unit) ? "unit apart" : "unit"}>{unit}</span>
        {figure.beside && (
          <span class="beside" data-value={figure.beside.read(summary) ?? ""}>
            {figure.beside.name}{" "}
            {shown(figure.beside.read(summary), figure.unit === "tok/s" ? "" : figure.unit)}
          </span>
        )}
      </p>
      <Spark values={series ? shapeOf(figure, series) : []} />
      <div class="beneath">
        <Change figure={figure} now={value} before={before} />
        {value !== null && figure.count && (
          <p class="change note" title="Of how many runs">
            n = {shown(figure.count(summary), "runs")}
          </p>
        )}
      </div>
    </div>
  );
}

/** A bucket that is not over would look like a fall, so it is left out. */
function shapeOf(figure: Figure, usage: UsageAnswer): (number | null)[] {
  const points = usage.window.partial_last_bucket ? usage.series.slice(0, -1) : usage.series;
  return points.map((point) => (figure.id === "runs" || point.runs ? figure.read(point) : null));
}

export function Direction({ better }: { better: "higher" | "lower" }) {
  return (
    <span class="direction" title={`${better} is better`}>
      <span aria-hidden="true">{better === "lower" ? "↓" : "↑"}</span>
      <span class="hidden"> ({better} is better)</span>
    </span>
  );
}

function Change({
  figure,
  now,
  before,
}: {
  figure: Figure;
  now: number | null;
  before: number | null;
}) {
  const pct = changePct(now, before);
  if (pct === null) {
    const why =
      before === null || now === null
        ? `nothing ${before === null ? "before" : "now"}`
        : `${shown(before, figure.unit)} before`;
    return (
      <p class="change note" title="Against the window of the same length before">
        {why}
      </p>
    );
  }
  const isSmall = Math.abs(pct) < 0.05;
  const isGood =
    isSmall || figure.better === null ? null : pct > 0 === (figure.better === "higher");
  const mood = isGood === null ? "even" : isGood ? "good" : "bad";
  return (
    <p
      class={`change ${mood}`}
      title={`Before: ${shown(before, figure.unit)}, in the window of the same length`}
    >
      <span aria-hidden="true">{isSmall ? "=" : pct > 0 ? "▲" : "▼"}</span> {changeShown(pct)}
      <span class="note"> vs before</span>
    </p>
  );
}
