// What the overview asks: each figure, chart and table its own question, so that one which cannot be
// answered takes no other along. On a visit they come in the order in which one reads: figures, charts,
// the breakdown. All at once they would share a small server's processors, and the first come last.

import { useEffect, useRef } from "preact/hooks";
import { get } from "../../api";
import type { SummaryAnswer, UsageAnswer } from "../../api_types";
import { loadPlotting } from "../../charts/plotting";
import { useAsOf } from "../../clock";
import { type Loaded, useQuery } from "../../query";
import type { View } from "../../view";
import { type Paths, pathsOf } from "./paths";

export interface Overviewed {
  summary: Loaded<SummaryAnswer>;
  /** All runs together, over time. */
  overall: Loaded<UsageAnswer>;
  /** The groups with the most runs and all others, over the window as a whole. */
  grouped: Loaded<UsageAnswer>;
  /** Fewer of them, over time. */
  charted: Loaded<UsageAnswer>;
  /** What each is answered by. */
  paths: Paths;
}

/** The questions of the page, all for one and the same window. */
export function useQuestions(view: View, by: string): Overviewed {
  const asOf = useAsOf();
  const paths = pathsOf(view, by);
  const filters = view.asked.filter(([name]) => name !== "from" && name !== "to").join();
  const shape = `${filters} ${view.route.query.get("range")} ${view.route.query.get("from")}`;
  const ask = <T>(path: string, name: string, isTime = true) =>
    useQuery<T>(isTime ? `${path} ${asOf}` : null, (signal) => get(path, signal), name);
  const summary = ask<SummaryAnswer>(paths.summary, shape);
  const isTime = useEver(isAnswered(summary));
  useEffect(() => {
    if (isTime) loadPlotting();
  }, [isTime]);
  const overall = ask<UsageAnswer>(paths.overall, shape + view.zone, isTime);
  const charted = ask<UsageAnswer>(paths.charted, shape + view.zone + by, isTime);
  const isDrawn = useEver(isAnswered(overall) && isAnswered(charted));
  const grouped = ask<UsageAnswer>(paths.grouped, shape + by, isDrawn);
  return { summary, overall, charted, grouped, paths };
}

function isAnswered({ data, error }: Loaded<unknown>): boolean {
  return data !== null || error !== null;
}

/** Whether it is so, or was. */
function useEver(now: boolean): boolean {
  const ever = useRef(false);
  ever.current ||= now;
  return ever.current;
}
