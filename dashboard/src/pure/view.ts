// What every view starts from: the address, the window that it means now, the filters.

import type { Query } from "./request";
import { filterQuery, type Route, zoneOf } from "./route";
import type { Zone } from "./times";
import { query, resolve, type TimeWindow } from "./window";

export interface View {
  route: Route;
  zone: Zone;
  window: TimeWindow | null;
  /** The range that the window is; null where it is from one instant to another. */
  range: string | null;
  /** Whether the address asks for a time that cannot be read. */
  isOdd: boolean;
  /** Window and filters as the API takes them. */
  asked: Query;
}

/** The view of an address at an instant. */
export function viewOf(
  route: Route,
  now: number,
  fallback: string,
  filters?: readonly string[],
): View {
  const asked = (name: string) => route.query.get(name);
  const times = { range: asked("range"), from: asked("from"), to: asked("to") };
  const resolved = resolve(times, fallback, now);
  return {
    route,
    zone: zoneOf(route),
    ...resolved,
    asked: [...query(resolved.window), ...filterQuery(route, filters)],
  };
}
