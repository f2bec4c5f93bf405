import { expect, test } from "vitest";
import type { SeriesPoint, Stats } from "../api_types";
import { groupCount, othersOf, reconciles, stack } from "./stacking";

function point(model: string | null, hour: number, runs: number): SeriesPoint {
  return { t: `2026-11-23T0${hour}:00:00Z`, key: { model }, runs } as unknown as SeriesPoint;
}

function rest(groups: number, hour: number, runs: number): SeriesPoint {
  return { ...point(null, hour, runs), key: {}, others: true, groups };
}

function stats(runs: number, errors = 0, total_tokens = 0): Stats {
  return { runs, errors, total_tokens } as unknown as Stats;
}

test("groups stand in the order of the answer, null is one of them, and others are another", () => {
  const series = [
    point("b", 0, 5),
    point("b", 1, 0),
    point(null, 0, 1),
    point(null, 1, 3),
    rest(961, 0, 2),
    rest(961, 1, 1),
  ];

  expect(stack(series)).toEqual([
    { name: "b", values: [5, 0], isRest: false },
    { name: "(none)", values: [1, 3], isRest: false },
    { name: "961 others", values: [2, 1], isRest: true },
  ]);
});

test("a group that is called as the others are is not one of them", () => {
  const series = [point("2 others", 0, 5), rest(2, 0, 1)];

  expect(stack(series).map((each) => [each.values, each.isRest])).toEqual([
    [[5], false],
    [[1], true],
  ]);
});

test("nothing is stacked of nothing", () => {
  expect(stack([])).toEqual([]);
});

test("entries count as the groups that they stand for", () => {
  expect(groupCount([{}, {}, { groups: 9_961 }])).toBe(9_963);
  expect(othersOf(9_961)).toBe("9,961 others");
  expect(othersOf(1)).toBe("1 other");
});

test("groups reconcile when runs, errors and tokens all add up", () => {
  expect(reconciles([stats(2, 1, 10), stats(3, 0, 5)], stats(5, 1, 15))).toBe(true);
  expect(reconciles([stats(2, 1, 10)], stats(5, 1, 10))).toBe(false);
  expect(reconciles([stats(5, 0, 10)], stats(5, 1, 10))).toBe(false);
  expect(reconciles([], stats(0))).toBe(true);
});

test("null, an empty name, and names that read like words of the page are groups of their own", () => {
  const models = [null, "(none)", "", "all", "2 others"];
  const series = models.map((model, at) => point(model, 0, at + 1));

  const stacked = stack([...series, rest(2, 0, 9)]);

  expect(stacked.map((each) => each.values[0])).toEqual([1, 2, 3, 4, 5, 9]);
  expect(new Set(stacked.map((each) => each.name)).size).toBe(6);
});
