import { expect, test } from "vitest";
import type { DatasetEntry, UsageAnswer } from "../api_types";
import { freshnessOf, MOST_SHAPES, shapesAsked, shapesOf } from "./freshness";

const NOW = Date.parse("2026-11-28T10:00:00Z");
const entry = (dataset: string, minutes: number, adapter = true): DatasetEntry => ({
  dataset,
  rows: 1,
  bytes: 1,
  created_at: "2026-11-01T00:00:00.000Z",
  updated_at: new Date(NOW - minutes * 60_000).toISOString(),
  adapter: adapter ? { enabled: true } : null,
});

test("fresh is what had a row just now", () => {
  const ages = [1, 60, 60 * 30].map((minutes) => entry("d", minutes).updated_at);

  expect(ages.map((at) => freshnessOf(at, NOW))).toEqual(["now", "today", "older"]);
});

test("one question asks for all shapes, the freshest first, whole days", () => {
  const many = Array.from({ length: 100 }, (_, at) => entry(`d${at}`, 100 - at));
  const asked = shapesAsked([...many, entry("none", 0, false)], NOW);

  const names = asked?.filter(([name]) => name === "dataset").map(([, value]) => value);
  expect(names?.length).toBe(MOST_SHAPES);
  expect(names?.[0]).toBe("d99");
  expect(asked?.slice(0, 3)).toEqual([
    ["from", "2026-11-15T00:00:00.000Z"],
    ["to", "2026-11-28T10:00:00.000Z"],
    ["bucket", "day"],
  ]);
});

test("nothing is asked where no dataset counts as usage", () => {
  expect(shapesAsked([entry("a", 1, false)], NOW)).toBeNull();
});

test("a shape has all days, also those without runs", () => {
  const point = (t: string, dataset: string, runs: number) => ({ t, key: { dataset }, runs });
  const usage = {
    series: [
      point("2026-11-27T00:00:00.000Z", "a", 2),
      point("2026-11-28T00:00:00.000Z", "a", 0),
      point("2026-11-28T00:00:00.000Z", "b", 4),
    ],
  } as unknown as UsageAnswer;

  expect([...shapesOf(usage)]).toEqual([
    ["a", [2, 0]],
    ["b", [0, 4]],
  ]);
});
