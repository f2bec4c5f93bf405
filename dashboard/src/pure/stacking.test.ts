import { expect, test } from "vitest";
import type { SeriesPoint, Stats } from "../api_types";
import { reconciles, stack } from "./stacking";

function point(model: string | null, hour: number, runs: number): SeriesPoint {
  return { t: `2026-11-23T0${hour}:00:00Z`, key: { model }, runs } as unknown as SeriesPoint;
}

function stats(runs: number, errors = 0, total_tokens = 0): Stats {
  return { runs, errors, total_tokens } as unknown as Stats;
}

const SERIES = [
  point("a", 0, 1),
  point("b", 0, 5),
  point(null, 1, 2),
  point("a", 1, 3),
  point("c", 1, 1),
];

test("groups stand from the greatest to the least, and null is one of them", () => {
  const { stacks, groups } = stack(SERIES, 8);

  expect(stacks.map((each) => [each.name, each.values])).toEqual([
    ["b", [5, 0]],
    ["a", [1, 3]],
    ["(none)", [0, 2]],
    ["c", [0, 1]],
  ]);
  expect(groups).toBe(4);
});

test("the rest is put together, so that no run is left out", () => {
  const { stacks, groups } = stack(SERIES, 2);

  expect(stacks.map((each) => each.name)).toEqual(["b", "3 others"]);
  expect(stacks.reduce((sum, each) => sum + each.total, 0)).toBe(12);
  expect(groups).toBe(4);
});

test("groups reconcile when runs, errors and tokens all add up", () => {
  expect(reconciles([stats(2, 1, 10), stats(3, 0, 5)], stats(5, 1, 15))).toBe(true);
  expect(reconciles([stats(2, 1, 10)], stats(5, 1, 10))).toBe(false);
  expect(reconciles([stats(5, 0, 10)], stats(5, 1, 10))).toBe(false);
  expect(reconciles([], stats(0))).toBe(true);
});
