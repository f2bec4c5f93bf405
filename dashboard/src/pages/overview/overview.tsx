// What ran, how fast, how well, in a window: figures, charts, and a breakdown that adds up.

import { useMemo } from "preact/hooks";
import { get, pathWith, type Query } from "../../api";
import type { SummaryAnswer, UsageAnswer } from "../../api_types";
import { useAsOf } from "../../clock";
import { GROUPINGS, usageDimensions } from "../../parts/dimensions";
import { FilterBar } from "../../parts/filter_bar";
import { Skeleton, Trouble } from "../../parts/notes";
import { ianaZone } from "../../pure/times";
import { bucketSeconds } from "../../pure/window";
import { useQuery } from "../../query";
import { useRoute } from "../../router";
import { useView, type View } from "../../view";
import { Breakdown } from "./breakdown";
import { ExtraCharts } from "./extra_charts";
import { FirstSteps } from "./first_steps";
import { RunsChart } from "./runs_chart";
import { SpreadChart } from "./spread_chart";
import { Tiles } from "./tiles";

const RANGE = "24h";

export function Overview() {
  const view = useView(RANGE);
  const asOf = useAsOf();
  const by = useGrouping();
  const asked = questions(view, by);
  const name = view.asked.filter(([each]) => each !== "from" && each !== "to").join();
  const shape = `${name} ${view.route.query.get("range")} ${view.route.query.get("from")}`;
  const summary = useQuery<SummaryAnswer>(
    `${asked.summary} ${asOf}`,
    (signal) => get(asked.summary, signal),
    shape,
  );
  const overall = useQuery<UsageAnswer>(
    `${asked.overall} ${asOf}`,
    (signal) => get(asked.overall, signal),
    shape + view.zone,
  );
  const grouped = useQuery<UsageAnswer>(
    `${asked.grouped} ${asOf}`,
    (signal) => get(asked.grouped, signal),
    shape + view.zone + by,
  );
  const dimensions = useMemo(() => usageDimensions(view), [view]);
  const loading = summary.loading || overall.loading || grouped.loading;
  const isEmpty = summary.data?.runs === 0;
  const trouble = summary.error ?? overall.error ?? grouped.error;
  return (
    <>
      <FilterBar view={view} fallback={RANGE} dimensions={dimensions} loading={loading} />
      <h1 class="hidden">Overview</h1>
      {trouble && <Trouble problem={trouble} what="The figures could not be loaded." />}
      {summary.data && <Tiles summary={summary.data} series={overall.data} path={asked.summary} />}
      {!summary.data && !trouble && <Skeleton height={128} />}
      {isEmpty && <FirstSteps view={view} summary={summary.data} />}
      {!isEmpty && (
        <div class="grid">
          {grouped.data ? (
            <RunsChart usage={grouped.data} by={by} view={view} path={asked.grouped} />
          ) : (
            !trouble && <Skeleton height={290} />
          )}
          {overall.data
            ? SPREADS.map((each) => (
                <SpreadChart
                  key={each.metric}
                  {...each}
                  usage={overall.data as UsageAnswer}
                  view={view}
                  path={asked.overall}
                />
              ))
            : !trouble && [1, 2, 3].map((at) => <Skeleton key={at} height={290} />)}
        </div>
      )}
      {!isEmpty && grouped.data && (
        <Breakdown asked={view.asked} usage={grouped.data} by={by} path={asked.grouped} />
      )}
      {!isEmpty && overall.data && (
        <ExtraCharts usage={overall.data} view={view} path={asked.overall} />
      )}
    </>
  );
}

const SPREADS = [
  { metric: "ttft_ms", title: "Time to first token", unit: "ms", better: "lower" },
  { metric: "latency_ms", title: "Latency", unit: "ms", better: "lower" },
  { metric: "tok_s", title: "Decode speed", unit: "tok/s", better: "higher" },
] as const;

export function useGrouping(): string {
  const asked = useRoute().query.get("by");
  return GROUPINGS.some(([name]) => name === asked) ? (asked as string) : "model";
}

/** A label that nobody has: extras by group are not shown, and would be most of the answer. */
const NO_EXTRAS: [string, string] = ["extra", "-"];

/** The three requests of the page, all for one and the same window. */
function questions(view: View, by: string) {
  const window = view.window ?? { from: 0, to: 0 };
  const bucket = bucketSeconds(window);
  const buckets: Query = [
    ["bucket", String(bucket)],
    ["tz", ianaZone(view.zone)],
  ];
  return {
    summary: pathWith("/usage/summary", view.asked),
    overall: pathWith("/usage", [...view.asked, ...buckets]),
    grouped: pathWith("/usage", [...view.asked, ...buckets, ["group_by", by], NO_EXTRAS]),
  };
}
