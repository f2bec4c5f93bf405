// What usage can be filtered and grouped by, and where the choices come from.

import { get } from "../api";
import type { RunAnswer, UsageAnswer } from "../api_types";
import { GROUPINGS, NO_EXTRAS, USAGE_FILTERS } from "../filters";
import { CONDITION, counted } from "../pure/conditions";
import { pathWith } from "../pure/request";
import { unfiltered } from "../pure/route";
import { wholeBucket } from "../pure/window";
import type { View } from "../view";
import { type Dimension, MOST_CHOICES } from "./filter_bar";

export function usageDimensions(view: View): Dimension[] {
  const times = unfiltered(view.asked);
  const values = GROUPINGS.map(
    ([name, label]): Dimension => ({
      name,
      label,
      choices: (signal) => valuesOf(name, times, wholeBucket(view.window), signal),
    }),
  );
  const outcome: Dimension = {
    name: "ok",
    label: USAGE_FILTERS.ok,
    choices: async () => [{ value: "true" }, { value: "false" }],
    single: true,
  };
  const conditions: Dimension = {
    name: CONDITION,
    label: "Conditions",
    choices: async (signal) => counted(await newestRuns(times, signal)),
  };
  return [...values, conditions, outcome];
}

// What is common among so many is what there is to choose from.
const LOOKED_AT = 200;

/** The newest runs of a window: what shows which conditions there are. */
export async function newestRuns(
  asked: [string, string][],
  signal: AbortSignal,
  count = LOOKED_AT,
): Promise<RunAnswer[]> {
  const usage: UsageAnswer = await get(newestPath(asked, count), signal);
  return usage.runs;
}

/** The question for them. */
export function newestPath(asked: [string, string][], count = LOOKED_AT): string {
  return pathWith("/usage", [
    ...asked,
    ["runs", String(count)],
    ["bucket", String(366 * 86_400)],
    NO_EXTRAS,
  ]);
}

/** The values of a window that most runs have. */
export async function valuesOf(
  name: string,
  times: [string, string][],
  bucket: string,
  signal: AbortSignal,
): Promise<{ value: string; count: number }[]> {
  const usage: UsageAnswer = await get(
    pathWith("/usage", [
      ...times,
      ["group_by", name],
      ["top", String(MOST_CHOICES)],
      ["bucket", bucket],
      NO_EXTRAS,
    ]),
    signal,
  );
  return usage.breakdown
    .map((group) => ({ value: group.key[name], count: group.runs }))
    .filter((each): each is { value: string; count: number } => typeof each.value === "string");
}
