// The two sides of a comparison as the address has them.

import type { UsageFilter } from "../filters";
import { asked, CONDITION } from "./conditions";
import { instant } from "./instant";
import type { TimeWindow } from "./window";
import { previous } from "./window";

export type SideName = "a" | "b";
export const SIDE_FILTERS = ["model", "device", "tag", "dataset", CONDITION] as const satisfies (
  | UsageFilter
  | typeof CONDITION
)[];

export interface Side {
  name: SideName;
  window: TimeWindow;
  /** `this`: the page's window; `before`: the one before; `own`: its own. */
  when: "this" | "before" | "own";
  filters: [string, string][];
}

export function sideOf(query: URLSearchParams, name: SideName, page: TimeWindow): Side {
  const from = instant(query.get(`${name}_from`) ?? "");
  const to = instant(query.get(`${name}_to`) ?? "");
  const isOwn = from !== null && to !== null && from < to;
  const fallback = name === "a" && !hasFilters(query) ? "before" : "this";
  const chosen = query.get(`${name}_when`) ?? fallback;
  const when = isOwn ? "own" : chosen === "before" ? "before" : "this";
  const window = isOwn ? { from, to } : when === "before" ? previous(page) : page;
  const filters = SIDE_FILTERS.flatMap((filter) =>
    query.getAll(`${name}_${filter}`).map((value): [string, string] => [filter, value]),
  );
  return { name, window, when, filters };
}

/** Whether the sides differ by anything but time: then both are of the same window. */
function hasFilters(query: URLSearchParams): boolean {
  return SIDE_FILTERS.some((filter) => query.has(`a_${filter}`) || query.has(`b_${filter}`));
}

/** A side as the API takes it, its parameters with their prefix or without. */
export function sideQuery(side: Side, prefix = `${side.name}_`): [string, string][] {
  return [
    [`${prefix}from`, new Date(side.window.from).toISOString()],
    [`${prefix}to`, new Date(side.window.to).toISOString()],
    ...side.filters.flatMap(([name, value]) => asked(name, value, prefix)),
  ];
}

export function labelOf(side: Side, brief: (ms: number) => string): string {
  const names = side.filters.map(([, value]) => value).join(", ");
  const when = `${brief(side.window.from)} – ${brief(side.window.to)}`;
  return names ? `${names}, ${when}` : when;
}
