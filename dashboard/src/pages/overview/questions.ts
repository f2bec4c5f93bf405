// What the overview asks: each figure, chart and table its own question, so that one which cannot be
// answered takes no other along.

import { get, pathWith, type Query } from "../../api";
import type { SummaryAnswer, UsageAnswer } from "../../api_types";
import { useAsOf } from "../../clock";
import { NO_EXTRAS } from "../../parts/dimensions";
import { chartFilter } from "../../pure/stacking";
import { ianaZone } from "../../pure/times";
import { bucketSeconds, wholeBucket } from "../../pure/window";
import { type Loaded, useQuery } from "../../query";
import type { View } from "../../view";

export interface Overviewed {
  summary: Loaded<SummaryAnswer>;
  /** All runs together, over time. */
  overall: Loaded<UsageAnswer>;
  /** The groups, over the window as a whole. */
  grouped: Loaded<UsageAnswer>;
  /** The greatest groups, over time. */
  charted: Loaded<UsageAnswer>;
  /** What each is answered by. */
  paths: { summary: string; overall: string; grouped: string; charted: string };
}

/** The questions of the page, all for one and the same window. */
export function useQuestions(view: View, by: string): Overviewed {
  const asOf = useAsOf();
  const paths = pathsOf(view, by);
  const filters = view.asked.filter(([name]) => name !== "from" && name !== "to").join();
  const shape = `${filters} ${view.route.query.get("range")} ${view.route.query.get("from")}`;
  const ask = <T>(path: string | null, name: string) =>
    useQuery<T>(path && `${path} ${asOf}`, (signal) => get(path ?? "", signal), name);
  const summary = ask<SummaryAnswer>(paths.summary, shape);
  const overall = ask<UsageAnswer>(paths.overall, shape + view.zone);
  const grouped = ask<UsageAnswer>(paths.grouped, shape + by);
  const filter = grouped.data && chartFilter(grouped.data.breakdown, by);
  const charted = pathWith("/usage", [
    ...view.asked.filter(([name]) => !filter?.length || name !== by),
    ...(filter ?? []),
    ...buckets(view),
    ["group_by", by],
    NO_EXTRAS,
  ]);
  return {
    summary,
    overall,
    grouped,
    charted: ask<UsageAnswer>(filter && charted, shape + view.zone + by),
    paths: { ...paths, charted },
  };
}

function pathsOf(view: View, by: string) {
  return {
    summary: pathWith("/usage/summary", view.asked),
    overall: pathWith("/usage", [...view.asked, ...buckets(view)]),
    grouped: pathWith("/usage", [
      ...view.asked,
      ["bucket", wholeBucket(view.window)],
      ["group_by", by],
      NO_EXTRAS,
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
