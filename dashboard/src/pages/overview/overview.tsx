// What ran, how fast, how well, in a window: figures, charts, and a breakdown that adds up.

import { useMemo } from "preact/hooks";
import type { UsageAnswer } from "../../api_types";
import { refresh } from "../../clock";
import { newestRuns, usageDimensions } from "../../parts/dimensions";
import { FilterBar } from "../../parts/filter_bar";
import { Skeleton, Trouble } from "../../parts/notes";
import { conditionOf, namesIn } from "../../pure/conditions";
import { unfiltered } from "../../pure/route";
import { useQuery } from "../../query";
import { useView, type View } from "../../view";
import { Breakdown } from "./breakdown";
import { ExtraCharts } from "./extra_charts";
import { FirstSteps } from "./first_steps";
import { NewestRuns } from "./newest_runs";
import { groupingIn, RANGE } from "./paths";
import { useQuestions } from "./questions";
import { RunsChart } from "./runs_chart";
import { SpreadChart } from "./spread_chart";
import { Tiles } from "./tiles";

export function Overview() {
  const view = useView(RANGE);
  const by = groupingIn(view.route.query);
  const { summary, overall, grouped, charted, paths } = useQuestions(view, by);
  const dimensions = useMemo(() => usageDimensions(view), [view]);
  // A choice that opens later: what is looked at comes first.
  const conditions = useConditions(view, by, (grouped.data ?? grouped.error) !== null);
  const loading = [summary, overall, grouped, charted].some((each) => each.loading);
  const isEmpty = summary.data?.runs === 0;
  const trouble = summary.error ?? overall.error;
  // Without the groups the chart shows all runs together.
  const isSplit = charted.data !== null || !charted.error;
  return (
    <>
      <FilterBar view={view} fallback={RANGE} dimensions={dimensions} loading={loading} />
      <h1 class="hidden">Overview</h1>
      {trouble && (
        <Trouble problem={trouble} what="The figures could not be loaded." onAgain={refresh} />
      )}
      {summary.data && <Tiles summary={summary.data} series={overall.data} path={paths.summary} />}
      {!summary.data && !trouble && <Skeleton height={146} />}
      {isEmpty && <FirstSteps view={view} summary={summary.data} />}
      {!isEmpty && (
        <div class="grid">
          {overall.data && (charted.data || !isSplit) ? (
            <RunsChart
              usage={charted.data}
              overall={overall.data}
              by={by}
              view={view}
              path={isSplit ? paths.charted : paths.overall}
            />
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
                  path={paths.overall}
                />
              ))
            : !trouble && [1, 2, 3].map((at) => <Skeleton key={at} height={290} />)}
        </div>
      )}
      {!isEmpty && overall.data && (
        <Breakdown
          asked={view.asked}
          usage={grouped.data}
          problem={trouble ? null : grouped.error}
          whole={overall.data.total}
          by={by}
          conditions={conditions}
          path={paths.grouped}
        />
      )}
      {!isEmpty && overall.data && (
        <ExtraCharts usage={overall.data} view={view} path={paths.overall} />
      )}
      {!isEmpty && summary.data && <NewestRuns view={view} />}
    </>
  );
}

const SPREADS = [
  { metric: "ttft_ms", title: "Time to first token", unit: "ms", better: "lower" },
  { metric: "latency_ms", title: "Latency", unit: "ms", better: "lower" },
  { metric: "tok_s", title: "Decode speed", unit: "tok/s", better: "higher" },
] as const;

/** The conditions of the window's newest runs, and the one that is asked for. */
function useConditions(view: View, by: string, isTime: boolean): string[] {
  const times = unfiltered(view.asked);
  const { data } = useQuery(isTime ? times.join() : null, (signal) => newestRuns(times, signal));
  const own = conditionOf(by);
  const found = namesIn(data ?? []);
  return own === null || found.includes(own) ? found : [...found, own];
}
