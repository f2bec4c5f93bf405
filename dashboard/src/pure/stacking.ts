// Groups over time, one upon another: the greatest few by name, the rest together.

import type { SeriesPoint, Stats } from "../api_types";

export interface Stack {
  name: string;
  total: number;
  /** One value per bucket; null where the bucket has none. */
  values: number[];
  isRest: boolean;
}

/** How the name of a group is shown; null is a value, too. */
export function nameOf(key: Record<string, string | null>): string {
  const values = Object.values(key).map((value) => value ?? "(none)");
  return values.join(" · ") || "all";
}

/** The buckets' beginnings, in seconds. */
export function bucketStarts(series: SeriesPoint[]): number[] {
  return [...new Set(series.map((point) => Date.parse(point.t) / 1000))].sort((a, b) => a - b);
}

export function stack(series: SeriesPoint[], most: number): { stacks: Stack[]; groups: number } {
  const starts = bucketStarts(series);
  const at = new Map(starts.map((start, index) => [start, index]));
  const byName = new Map<string, Stack>();
  for (const point of series) {
    const name = nameOf(point.key);
    const found = byName.get(name) ?? empty(name, starts.length, false);
    byName.set(name, found);
    const index = at.get(Date.parse(point.t) / 1000) as number;
    found.values[index] = (found.values[index] as number) + point.runs;
    found.total += point.runs;
  }
  const sorted = [...byName.values()].sort(
    (a, b) => b.total - a.total || (a.name < b.name ? -1 : 1),
  );
  if (sorted.length <= most) return { stacks: sorted, groups: sorted.length };
  const rest = sorted.slice(most - 1);
  return {
    stacks: [...sorted.slice(0, most - 1), together(rest, starts.length)],
    groups: sorted.length,
  };
}

function empty(name: string, buckets: number, isRest: boolean): Stack {
  return { name, total: 0, values: new Array<number>(buckets).fill(0), isRest };
}

function together(rest: Stack[], buckets: number): Stack {
  const sum = empty(`${rest.length} others`, buckets, true);
  for (const each of rest) {
    sum.total += each.total;
    each.values.forEach((value, at) => {
      sum.values[at] = (sum.values[at] as number) + value;
    });
  }
  return sum;
}

/** Whether a breakdown adds up to its total: runs, errors and tokens. */
export function reconciles(groups: Stats[], total: Stats): boolean {
  const sum = (read: (stats: Stats) => number) => groups.reduce((all, each) => all + read(each), 0);
  return (
    sum((each) => each.runs) === total.runs &&
    sum((each) => each.errors) === total.errors &&
    sum((each) => each.total_tokens) === total.total_tokens
  );
}
