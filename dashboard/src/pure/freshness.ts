// What the list of datasets shows beside their names: how fresh each is, and its shape over two weeks.

import type { DatasetEntry, UsageAnswer } from "../api_types";
import { bucketStarts } from "./stacking";

const DAY_MS = 86_400_000;
export const DAYS = 14;
/** An answer with the days of more datasets would be megabytes. */
export const MOST_SHAPES = 40;

export type Freshness = "now" | "today" | "older";

/** By when the last row came. */
export function freshnessOf(updatedAt: string, nowMs: number): Freshness {
  const age = nowMs - Date.parse(updatedAt);
  return age < 15 * 60_000 ? "now" : age < DAY_MS ? "today" : "older";
}

/** The one question for all shapes: runs a day of the freshest datasets that have runs. */
export function shapesAsked(datasets: DatasetEntry[], nowMs: number): [string, string][] | null {
  const counted = datasets.filter((each) => each.adapter);
  const freshest = [...counted]
    .sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at))
    .slice(0, MOST_SHAPES);
  if (freshest.length === 0) return null;
  const first = Math.floor(nowMs / DAY_MS - DAYS + 1) * DAY_MS;
  return [
    ["from", new Date(first).toISOString()],
    ["to", new Date(nowMs).toISOString()],
    ["bucket", "day"],
    ["group_by", "dataset"],
    ...freshest.map((each): [string, string] => ["dataset", each.dataset]),
  ];
}

/** Runs a day by dataset; one without runs in these days has none. */
export function shapesOf(usage: UsageAnswer): Map<string, number[]> {
  const starts = bucketStarts(usage.series);
  const place = new Map(starts.map((start, at) => [start, at]));
  const shapes = new Map<string, number[]>();
  for (const point of usage.series) {
    const name = point.key.dataset as string | null;
    const at = place.get(Date.parse(point.t) / 1000);
    if (name == null || at === undefined) continue;
    const values = shapes.get(name) ?? new Array<number>(starts.length).fill(0);
    values[at] = point.runs;
    shapes.set(name, values);
  }
  return shapes;
}
