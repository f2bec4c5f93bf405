// Groups over time, one upon another: the greatest few by name, the rest together.

import type { Distribution, SeriesPoint, Stats } from "../api_types";
import type { Key, Value } from "./conditions";

/** How many groups a chart tells apart; the last are all others. */
export const MOST_SHOWN = 8;

export interface Stack {
  name: string;
  total: number;
  /** One value per bucket; null where the bucket has none. */
  values: number[];
  isRest: boolean;
}

/** How the name of a group is shown; null is a value, too. */
export function nameOf(key: Key): string {
  const values = Object.values(key).map((value) => String(value ?? "(none)"));
  return values.join(" · ") || "all";
}

/** The buckets' beginnings, in seconds. */
export function bucketStarts(series: SeriesPoint[]): number[] {
  return [...new Set(series.map((point) => Date.parse(point.t) / 1000))].sort((a, b) => a - b);
}

/**
 * Of so many groups the greatest, `most` with the rest; the rest is what they leave of `all`, the
 * runs of every group, so that the series need not name each of them. Null is more groups than can
 * be counted.
 */
export function stack(
  series: SeriesPoint[],
  all: SeriesPoint[],
  groups: number | null,
  most: number,
): Stack[] {
  const starts = bucketStarts(all);
  const sorted = stacksOf(series, starts).sort(
    (a, b) => b.total - a.total || (a.name < b.name ? -1 : 1),
  );
  if (groups !== null && groups <= most) return sorted;
  const named = sorted.slice(0, most - 1);
  const rest = groups === null ? "all others" : `${groups - named.length} others`;
  return [...named, others(named, stacksOf(all, starts), rest)];
}

function stacksOf(series: SeriesPoint[], starts: number[]): Stack[] {
  const at = new Map(starts.map((start, index) => [start, index]));
  const byName = new Map<string, Stack>();
  for (const point of series) {
    const name = nameOf(point.key);
    const found = byName.get(name) ?? empty(name, starts.length, false);
    byName.set(name, found);
    const index = at.get(Date.parse(point.t) / 1000);
    // A window that ends now may have moved on between two answers.
    if (index === undefined) continue;
    found.values[index] = (found.values[index] as number) + point.runs;
    found.total += point.runs;
  }
  return [...byName.values()];
}

function empty(name: string, buckets: number, isRest: boolean): Stack {
  return { name, total: 0, values: new Array<number>(buckets).fill(0), isRest };
}

function others(named: Stack[], all: Stack[], name: string): Stack {
  const sum = (stacks: Stack[], at: number) =>
    stacks.reduce((runs, each) => runs + (each.values[at] ?? 0), 0);
  const values = (all[0]?.values ?? []).map((_, at) => Math.max(0, sum(all, at) - sum(named, at)));
  return { name, total: values.reduce((runs, each) => runs + each, 0), values, isRest: true };
}

// Each of so many groups in sixty buckets is an answer that a page can hold.
const AT_ONCE = 40;

/**
 * What to filter by, so that a series has only the greatest groups; nothing where all of them fit.
 * `isWhole`: whether the breakdown has every group.
 */
export function chartFilter(
  breakdown: { key: Key; runs: number }[],
  by: string,
  most = MOST_SHOWN,
  isWhole = true,
): [string, string][] {
  if (isWhole && breakdown.length <= AT_ONCE) return [];
  const sorted = [...breakdown].sort((a, b) => b.runs - a.runs);
  const names = sorted.map(({ key }) => key[by]).filter((name) => name != null);
  return names.slice(0, most - 1).map((name) => [by, String(name)]);
}

/**
 * What to filter by where there are more groups than can be asked for: those that most of the given
 * runs belong to.
 */
export function commonest(values: Value[], by: string, most = AT_ONCE): [string, string][] {
  const counts = new Map<string, number>();
  for (const value of values)
    if (value != null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([name]) => [by, name]);
}

/** What the groups leave of all runs; only what adds up is known of it. */
export function restOf(total: Stats, groups: Stats[]): Stats {
  const left = (read: (stats: Stats) => number) =>
    groups.reduce((rest, each) => rest - read(each), read(total));
  const runs = left((each) => each.runs);
  const errors = left((each) => each.errors);
  return {
    ...total,
    runs,
    errors,
    ok: runs - errors,
    error_rate: runs > 0 ? errors / runs : null,
    prompt_tokens: left((each) => each.prompt_tokens),
    completion_tokens: left((each) => each.completion_tokens),
    total_tokens: left((each) => each.total_tokens),
    latency_ms: UNKNOWN,
    ttft_ms: UNKNOWN,
    tok_s: UNKNOWN,
    throughput_tps: null,
    extra: {},
  };
}

const NO_VALUE = { mean: null, min: null, p50: null, p90: null, p95: null, p99: null };
const UNKNOWN: Distribution = { n: 0, ...NO_VALUE, max: null, std: null };

/** Whether a breakdown adds up to its total: runs, errors and tokens. */
export function reconciles(groups: Stats[], total: Stats): boolean {
  const sum = (read: (stats: Stats) => number) => groups.reduce((all, each) => all + read(each), 0);
  return (
    sum((each) => each.runs) === total.runs &&
    sum((each) => each.errors) === total.errors &&
    sum((each) => each.total_tokens) === total.total_tokens
  );
}
