// The questions of the overview as requests.

import { GROUPINGS, NO_EXTRAS } from "../../filters";
import { pathWith, type Query } from "../../pure/request";
import { MOST_SHOWN } from "../../pure/stacking";
import { ianaZone } from "../../pure/times";
import type { View } from "../../pure/view";
import { bucketSeconds, wholeBucket } from "../../pure/window";

/** What the overview shows where the address does not say. */
export const RANGE = "24h";
// Groups that one reads through.
const FEW = 50;
/** What one answer can hold. */
export const MOST = 1000;

export interface Paths {
  summary: string;
  overall: string;
  grouped: string;
  charted: string;
}

export function summaryPath(view: View): string {
  return pathWith("/usage/summary", view.asked);
}

export function pathsOf(view: View, by: string): Paths {
  const groups = view.route.query.get("groups") === "all" ? MOST : FEW;
  const greatest = (most: number): Query => [["group_by", by], ["top", String(most)], NO_EXTRAS];
  return {
    summary: summaryPath(view),
    overall: pathWith("/usage", [...view.asked, ...buckets(view)]),
    charted: pathWith("/usage", [...view.asked, ...buckets(view), ...greatest(MOST_SHOWN)]),
    grouped: pathWith("/usage", [
      ...view.asked,
      ["bucket", wholeBucket(view.window)],
      ...greatest(groups),
    ]),
  };
}

function buckets(view: View): Query {
  const bucket = bucketSeconds(view.window ?? { from: 0, to: 0 });
  return [
    ["bucket", String(bucket)],
    ["tz", ianaZone(view.zone)],
  ];
}

/** What the address asks to group by, where there is such a thing. */
export function groupingIn(query: URLSearchParams): string {
  const asked = query.get("by") ?? "";
  const isKnown = GROUPINGS.some(([name]) => name === asked) || /^cond\.[a-z]\w*$/.test(asked);
  return isKnown ? asked : "model";
}
