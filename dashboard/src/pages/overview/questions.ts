// What the overview asks: each figure, chart and table its own question, so that one which cannot be
// answered takes no other along.

import { get, pathWith, type Query } from "../../api";
import type { RunAnswer, SummaryAnswer, UsageAnswer } from "../../api_types";
import { useAsOf } from "../../clock";
import { NO_EXTRAS, newestRuns } from "../../parts/dimensions";
import { conditionOf, type Key, type Value } from "../../pure/conditions";
import { chartFilter, commonest, MOST_SHOWN } from "../../pure/stacking";
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
  /** Whether `grouped` has only the commonest, as there are more than an answer has. */
  isPartial: boolean;
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
  const whole = ask<UsageAnswer>(paths.grouped, shape + by);
  const isPartial = whole.error?.code === "too_many_groups";
  const newest = useQuery(
    isPartial ? `${paths.grouped} newest ${asOf}` : null,
    (signal) => newestRuns(view.asked, signal, SAMPLE),
    shape + by,
  );
  const top =
    newest.data &&
    commonest(
      newest.data.map((run) => valueIn(run, by)),
      by,
    );
  const some = pathWith("/usage", [
    ...view.asked.filter(([name]) => name !== by),
    ...(top ?? []),
    ["bucket", wholeBucket(view.window)],
    ["group_by", by],
    NO_EXTRAS,
  ]);
  const partial = ask<UsageAnswer>(isPartial && top?.length ? some : null, shape + by);
  const grouped = isPartial ? partial : whole;
  const filter = grouped.data && chartFilter(grouped.data.breakdown, by, MOST_SHOWN, !isPartial);
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
    isPartial,
    charted: ask<UsageAnswer>(filter && charted, shape + view.zone + by),
    paths: { ...paths, grouped: isPartial ? some : paths.grouped, charted },
  };
}

// The most that the API lists.
const SAMPLE = 1000;

/** What a run has of a dimension or condition. */
function valueIn(run: RunAnswer, by: string): Value {
  const condition = conditionOf(by);
  if (condition !== null) return run.conditions[condition] ?? null;
  return (run as unknown as Key)[by] ?? null;
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
