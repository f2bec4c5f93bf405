// What a dataset's page asks first, as a request.

import { pathWith, type Query } from "../../pure/request";
import { splitIn } from "../../pure/splitting";
import type { View } from "../../pure/view";

/** What the page shows where the address does not say. */
export const RANGE = "all";
export const FILTERS = ["device", "model"];
const POINTS = "1000";

export const tabIn = (query: URLSearchParams): string => query.get("tab") ?? "series";

/** The series of the window. */
export function metricsPath(dataset: string, view: View): string {
  const { query } = view.route;
  const split = tabIn(query) === "series" ? splitIn(query.get("by")) : null;
  const asked: Query = [["dataset", dataset], ...view.asked, ["max_points", POINTS]];
  return pathWith("/user/data/metrics", split ? [...asked, ["split", split]] : asked);
}
