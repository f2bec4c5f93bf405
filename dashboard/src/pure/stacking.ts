// Groups over time, one upon another: the greatest few by name, the rest together.

import type { BreakdownEntry, SeriesPoint, Stats } from "../api_types";
import { type Key, valueNamed } from "./conditions";
import { amount } from "./format";

/** How many groups a chart tells apart. */
export const MOST_SHOWN = 8;

export interface Stack {
  name: string;
  /** One value per bucket; 0 where the bucket has none. */
  values: number[];
  /** Whether it is all other groups together. */
  isRest: boolean;
}

/** How the name of a group is shown; null is a value, too. */
export function nameOf(key: Key): string {
  return Object.values(key).map(valueNamed).join(" · ") || "all";
}

/** How all groups without a name of their own are called. */
export function othersOf(groups: number | undefined): string {
  return amount(groups ?? 0, "other");
}

/** How many groups the entries stand for. */
export function groupCount(entries: Pick<BreakdownEntry, "groups">[]): number {
  return entries.reduce((all, each) => all + (each.groups ?? 1), 0);
}

/** The buckets' beginnings, in seconds. */
export function bucketStarts(series: SeriesPoint[]): number[] {
  return [...new Set(series.map((point) => Date.parse(point.t) / 1000))].sort((a, b) => a - b);
}

/** The runs of each group, in the order of the answer: the greatest first, all others last. */
export function stack(series: SeriesPoint[]): Stack[] {
  const starts = bucketStarts(series);
  const at = new Map(starts.map((start, index) => [start, index]));
  const found = new Map<string, Stack>();
  for (const point of series) {
    const isRest = point.others === true;
    const name = isRest ? othersOf(point.groups) : nameOf(point.key);
    // Values that read alike are not the same.
    const place = isRest ? "" : JSON.stringify(point.key);
    const values = found.get(place)?.values ?? new Array<number>(starts.length).fill(0);
    values[at.get(Date.parse(point.t) / 1000) as number] = point.runs;
    found.set(place, { name, values, isRest });
  }
  return [...found.values()];
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
