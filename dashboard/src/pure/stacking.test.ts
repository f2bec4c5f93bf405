import { expect, test } from "vitest";
import type { SeriesPoint, Stats } from "../api_types";
import { chartFilter, commonest, reconciles, restOf, stack } from "./stacking";

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
  expect(stack(SERIES, SERIES, 4, 8).map((each) => [each.name, each.values])).toEqual([
    ["b", [5, 0]],
    ["a", [1, 3]],
    ["(none)", [0, 2]],
    ["c", [0, 1]],
  ]);
});

test("the rest is put together, so that no run is left out", () => {
  const stacks = stack(SERIES, SERIES, 4, 2);

  expect(stacks.map((each) => [each.name, each.values])).toEqual([
    ["b", [5, 0]],
    ["3 others", [1, 6]],
  ]);
});

test("the rest needs no series of its own, and is never below nothing", () => {
  const top = [point("a", 0, 4), point("a", 1, 9), point("a", 2, 1)];
  const all = [point("x", 0, 10), point("x", 1, 8)];

  expect(stack(top, all, 10_000, 2).map((each) => [each.name, each.values, each.total])).toEqual([
    ["a", [4, 9], 13],
    ["9999 others", [6, 0], 6],
  ]);
});

test("many groups are asked for by the names of the greatest, few without", () => {
  const groups = Array.from({ length: 81 }, (_, at) => ({
    key: { model: at === 80 ? null : `m${at}` },
    runs: at,
  }));

  expect(chartFilter(groups, "model", 4)).toEqual([
    ["model", "m79"],
    ["model", "m78"],
    ["model", "m77"],
  ]);
  expect(chartFilter(groups.slice(0, 40), "model")).toEqual([]);
  expect(chartFilter([], "model")).toEqual([]);
});

test("groups reconcile when runs, errors and tokens all add up", () => {
  expect(reconciles([stats(2, 1, 10), stats(3, 0, 5)], stats(5, 1, 15))).toBe(true);
  expect(reconciles([stats(2, 1, 10)], stats(5, 1, 10))).toBe(false);
  expect(reconciles([stats(5, 0, 10)], stats(5, 1, 10))).toBe(false);
  expect(reconciles([], stats(0))).toBe(true);
});

test("the commonest values are asked for where there are too many groups, null is none", () => {
  const values = ["b", "a", null, "b", 3, "c", "a", "b"];

  expect(commonest(values, "model", 3)).toEqual([
    ["model", "b"],
    ["model", "a"],
    ["model", "3"],
  ]);
});

test("the rest of all runs is what some groups leave, and has no percentiles", () => {
  const total = stats(100, 10, 300);
  const groups = [stats(60, 1, 180), stats(20, 1, 60)];

  const rest = restOf(total, groups);

  expect([rest.runs, rest.errors, rest.ok, rest.error_rate, rest.total_tokens]).toEqual([
    20, 8, 12, 0.4, 60,
  ]);
  expect(rest.latency_ms.p50).toBeNull();
  expect(reconciles([...groups, rest], total)).toBe(true);
});

test("of groups without number the greatest are told apart and all others are one", () => {
  const breakdown = ["a", "b", "c"].map((model, at) => ({ key: { model }, runs: 9 - at }));

  expect(chartFilter(breakdown, "model", 3, false)).toEqual([
    ["model", "a"],
    ["model", "b"],
  ]);
  expect(chartFilter(breakdown, "model", 3)).toEqual([]);
});
