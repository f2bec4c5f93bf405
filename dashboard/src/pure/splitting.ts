// A dataset's series by device or by model: the labels with most rows, and all others together.

import type { DatasetMetrics, SeriesAnswer } from "../api_types";
import type { Line } from "../charts/lines";
import { colorIndex } from "./colors";
import { valueNamed } from "./conditions";
import { amount } from "./format";

export const SPLITS = ["device", "model"] as const;
export type Split = (typeof SPLITS)[number];

export function splitIn(value: string | null): Split | null {
  return SPLITS.find((each) => each === value) ?? null;
}

/** How many labels the rows have. */
export function labelsOf(metrics: DatasetMetrics, split: Split): number {
  return metrics[`by_${split}`].length;
}

/**
 * The times and the dots of a series that comes apart. Each point has a column of its own, since
 * two labels, or twice the same one, may have a value at one instant.
 */
export function splitDots(
  groups: NonNullable<SeriesAnswer["groups"]>,
  labels: number,
): { times: number[]; lines: Line[] } {
  const placed = groups
    .flatMap((group, at) => group.points.map(([time, value]) => ({ s: seconds(time), value, at })))
    .sort((a, b) => a.s - b.s);
  const lines = groups.map((group, at): Line => {
    const name = group.others ? amount(labels - named(groups), "other") : valueNamed(group.key);
    return {
      name,
      values: placed.map((point) => (point.at === at ? point.value : null)),
      color: group.others ? "--rest" : `--c${colorIndex(name)}`,
      kind: "dots",
    };
  });
  return { times: placed.map((point) => point.s), lines };
}

function named(groups: NonNullable<SeriesAnswer["groups"]>): number {
  return groups.filter((group) => !group.others).length;
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}
