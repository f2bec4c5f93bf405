// What a view asks first, known from its address alone: asked while the page is still on its way.

import { RANGE as ALL, FILTERS, metricsPath, tabIn } from "../pages/datasets/paths";
import { RANGE, summaryPath } from "../pages/overview/paths";
import type { Route } from "./route";
import { viewOf } from "./view";

/** Null where the address does not say, or where there is nothing to ask. */
export function firstQuestion(route: Route, now: number): string | null {
  const [page, id, ...rest] = route.path;
  if (rest.length) return null;
  if (page === "overview" && !id) return summaryPath(viewOf(route, now, RANGE));
  // A file may be the first of its dataset: nothing is asked of it before.
  if (page === "datasets" && id && tabIn(route.query) !== "upload")
    return metricsPath(id, viewOf(route, now, ALL, FILTERS));
  return null;
}
