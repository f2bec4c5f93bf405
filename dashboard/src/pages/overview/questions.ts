// What the overview asks: each figure, chart and table its own question, all at once, so that one which
// cannot be answered takes no other along and none waits for another.

import { get, pathWith, type Query } from "../../api";
import type { SummaryAnswer, UsageAnswer } from "../../api_types";
import { useAsOf } from "../../clock";
import { NO_EXTRAS } from "../../parts/dimensions";
import { MOST_SHOWN } from "../../pure/stacking";
import { ianaZone } from "../../pure/times";
import { bucketSeconds, wholeBucket } from "../../pure/window";
import { type Loaded, useQuery } from "../../query";
import type { View } from "../../view";

export interface Overviewed {
  summary: Loaded<SummaryAnswer>;
  /** All runs together, over time. */
  overall: Loaded<UsageAnswer>;
  /** The groups with the most runs and all others, over the window as a whole. */
  grouped: Loaded<UsageAnswer>;
  /** Fewer of them, over time. */
  charted: Loaded<UsageAnswer>;
  /** What each is answered by. */
  paths: { summary: string; overall: string; grouped: string; charted: string };
}

/** The questions of the page, all for one and the same window; `groups` stand in the breakdown. */
export function useQuestions(view: View, by: string, groups: number): Overviewed {
  const asOf = useAsOf();
  const paths = pathsOf(view, by, groups);
  const filters = view.asked.filter(([name]) => name !== "from" && name !== "to").join();
  const shape = `${filters} ${view.route.query.get("range")} ${view.route.query.get("from")}`;
  const ask = <T>(path: string, name: string) =>
    useQuery<T>(`${path} ${asOf}`, (signal) => get(path, signal), name);
  return {
    summary: ask<SummaryAnswer>(paths.summary, shape),
    overall: ask<UsageAnswer>(paths.overall, shape + view.zone),
    charted: ask<UsageAnswer>(paths.charted, shape + view.zone + by),
    grouped: ask<UsageAnswer>(paths.grouped, shape + by),
    paths,
  };
}

function pathsOf(view: View, by: string, groups: number) {
  const greatest = (most: number): Query => [["group_by", by], ["top", String(most)], NO_EXTRAS];
  return {
    summary: pathWith("/usage/summary", view.asked),
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
