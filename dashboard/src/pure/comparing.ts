// What a comparison says, in words: names, units, lines of Markdown.

import type { CompareAnswer, ConditionDifference, MetricComparison } from "../api_types";
import { valueNamed } from "./conditions";
import { amount, shown, signedPct, unitIn } from "./format";

const NAMES: Record<string, [string, string]> = {
  latency_ms: ["Latency", "ms"],
  ttft_ms: ["Time to first token", "ms"],
  tok_s: ["Decode speed", "tok/s"],
  error_rate: ["Error rate", "share"],
};

export function metricName(metric: MetricComparison): string {
  return metricNamed(metric.metric);
}

export function metricNamed(metric: string): string {
  return NAMES[metric]?.[0] ?? metric;
}

export function metricUnit(metric: Pick<MetricComparison, "metric" | "unit">): string {
  return NAMES[metric.metric]?.[1] ?? metric.unit ?? unitIn(metric.metric);
}

/** The interval of the difference in percent of |a|; null where it cannot be said. */
export function intervalPct(metric: MetricComparison): [number, number] | null {
  if (!metric.ci95 || !metric.a) return null;
  const [low, high] = metric.ci95;
  const whole = Math.abs(metric.a) / 100;
  return [low / whole, high / whole];
}

/** How likely so great a difference is by chance. */
export function chance(p: number | null): string {
  if (p === null) return "";
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
}

/** Why nothing could be decided, and what would. */
export function reason(metric: MetricComparison): string {
  if (metric.verdict !== "inconclusive") return "";
  if (metric.n_a < 2 || metric.n_b < 2) return "too few values";
  if (metric.more_runs) return moreRuns(metric.more_runs);
  return metric.better === null ? "which direction is better is not said" : "";
}

function moreRuns({ a, b }: { a: number; b: number }): string {
  if (a > 0 && b > 0)
    return `about ${amount(a, "more run")} of A and ${b.toLocaleString("en-US")} of B would decide`;
  return `about ${amount(a || b, "more run")} of ${a > 0 ? "A" : "B"} would decide`;
}

const ORDER: MetricComparison["verdict"][] = ["regressed", "improved", "inconclusive", "unchanged"];

/** Regressions first; the standard metrics before extras. */
export function sorted(metrics: MetricComparison[]): MetricComparison[] {
  const rank = (metric: MetricComparison) =>
    ORDER.indexOf(metric.verdict) + (metric.extra ? 10 : 0);
  return [...metrics].sort((x, y) => rank(x) - rank(y));
}

export function tally(metrics: MetricComparison[]): string {
  const counts = ORDER.map(
    (verdict) => [metrics.filter((each) => each.verdict === verdict).length, verdict] as const,
  );
  return counts
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${count} ${verdict}`)
    .join(", ");
}

// More of them cannot be compared by eye.
const MOST_VALUES = 8;

/** The values of a condition on one side: the first few, and how many more there are. */
export function valuesOf(condition: ConditionDifference, side: "a" | "b"): string {
  const values = condition[side]
    .slice(0, MOST_VALUES)
    .map((value) => (typeof value === "number" ? shown(value, "") : valueNamed(value)));
  const count = condition[`${side}_count`] ?? condition[side].length;
  const rest =
    count > values.length ? ` and ${(count - values.length).toLocaleString("en-US")} more` : "";
  return (values.join(", ") || "–") + rest;
}

/** For an issue or a pull request. */
export function markdown(
  found: CompareAnswer,
  labels: { a: string; b: string },
  href: string,
): string {
  const rows = sorted(found.metrics).map((metric) => {
    const unit = metricUnit(metric);
    const interval = intervalPct(metric);
    const bounds = interval ? `${signedPct(interval[0])} … ${signedPct(interval[1])}` : "–";
    return `| ${[escaped(metricName(metric)), shown(metric.a, unit), shown(metric.b, unit), signedPct(metric.delta_pct), bounds, `**${metric.verdict}**`].join(" | ")} |`;
  });
  const conditions = found.conditions_diff.map(
    (each) =>
      `- ${escaped(each.field)}: ${escaped(valuesOf(each, "a"))} → ${escaped(valuesOf(each, "b"))}`,
  );
  return [
    `**A** ${escaped(labels.a)} (${found.a.runs.toLocaleString("en-US")} runs) · **B** ${escaped(labels.b)} (${found.b.runs.toLocaleString("en-US")} runs)`,
    "",
    "| Metric (mean) | A | B | Δ | 95 % interval | Verdict |",
    "|---|--:|--:|--:|--:|---|",
    ...rows,
    ...(conditions.length ? ["", "What else differs:", ...conditions] : []),
    "",
    `[The comparison](${href})`,
    "",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("\n", " ");
}
