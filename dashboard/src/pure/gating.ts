// A gate's question from a view's filters, and its answer as a matrix of groups and metrics.

import type { GateSeries } from "../api_types";
import { metricUnit } from "./comparing";
import { shown, signedPct } from "./format";
import { nameOf } from "./stacking";
import type { TimeWindow } from "./window";

export interface SideAsked {
  filters: Record<string, string[]>;
  window: { from: string; to: string };
}

/** What a view shows, as a body asks for it. */
export function sideBody(asked: [string, string][], window: TimeWindow): SideAsked {
  const filters: Record<string, string[]> = {};
  for (const [name, value] of asked)
    if (name !== "from" && name !== "to") filters[name] = [...(filters[name] ?? []), value];
  return {
    filters,
    window: { from: new Date(window.from).toISOString(), to: new Date(window.to).toISOString() },
  };
}

export interface Line {
  /** Tells it from a group that reads alike. */
  id: string;
  name: string;
  cells: Map<string, GateSeries>;
}

/** A line for each group, a cell for each metric that any group has. */
export function matrix(series: GateSeries[]): { metrics: string[]; lines: Line[] } {
  const lines = new Map<string, Line>();
  for (const one of series) {
    const id = JSON.stringify(one.key);
    const line = lines.get(id) ?? { id, name: nameOf(one.key), cells: new Map() };
    line.cells.set(one.metric, one);
    lines.set(id, line);
  }
  return { metrics: [...new Set(series.map((one) => one.metric))], lines: [...lines.values()] };
}

/** The means of both sides, and of how many values. */
export function means(one: GateSeries): string {
  const unit = metricUnit(one);
  const counts = `n = ${shown(one.n_a, "runs")}, ${shown(one.n_b, "runs")}`;
  return `${shown(one.a, unit)} → ${shown(one.b, unit)}, ${counts}`;
}

/** What stands below a verdict: the change with its interval, or what is missing. */
export function details(one: GateSeries): string[] {
  const said = [];
  if (one.delta_pct !== null) said.push(signedPct(one.delta_pct));
  if (one.ci95_pct !== null)
    said.push(`${signedPct(one.ci95_pct[0])} … ${signedPct(one.ci95_pct[1])}`);
  if (one.more_runs) said.push(moreRuns(one.more_runs));
  return said;
}

function moreRuns({ a, b }: { a: number; b: number }): string {
  const most = Math.max(a, b);
  return `${shown(most, "runs")} more ${most === 1 ? "run" : "runs"}`;
}
