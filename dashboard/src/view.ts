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
  /** Window and filters as the API takes them. */
  asked: Query;
}

export function useView(fallback: string, filters?: readonly string[]): View {
  const route = useRoute();
  const now = useAsOf();
  return useMemo(() => {
    const asked = (name: string) => route.query.get(name);
    const times = { range: asked("range"), from: asked("from"), to: asked("to") };
    const window = resolve(times, fallback, now);
    return {
      route,
      zone: zoneOf(route),
      window,
      asked: [...query(window), ...filterQuery(route, filters)],
    };
  }, [route, now, fallback, filters]);
}
