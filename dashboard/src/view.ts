// What every view starts from: the address, the window that it means now, the filters.

import { useMemo } from "preact/hooks";
import type { Query } from "./api";
import { useAsOf } from "./clock";
import { filterQuery, type Route } from "./pure/route";
import type { Zone } from "./pure/times";
import { query, resolve, type TimeWindow } from "./pure/window";
import { useRoute, zoneOf } from "./router";

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

export function useView(fallback: string, filters?: readonly string[]): View {
  const route = useRoute();
  const now = useAsOf();
  return useMemo(() => viewOf(route, now, fallback, filters), [route, now, fallback, filters]);
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
