// What the overview asks: each figure, chart and table its own question, all at once, so that one which
// cannot be answered takes no other along and none waits for another.

import { get } from "../../api";
import type { SummaryAnswer, UsageAnswer } from "../../api_types";
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
