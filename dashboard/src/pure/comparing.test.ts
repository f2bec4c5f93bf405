import { expect, test } from "vitest";
import type { CompareAnswer, ConditionDifference, MetricComparison } from "../api_types";
import { chance, intervalPct, markdown, reason, sorted, tally, valuesOf } from "./comparing";
import { sideOf, sideQuery } from "./sides";

function metric(changes: Partial<MetricComparison>): MetricComparison {
  return {
    metric: "latency_ms",
    extra: false,
    unit: "ms",
    better: "lower",
    a: 1000,
    b: 900,
    n_a: 50,
    n_b: 40,
    delta: -100,
    delta_pct: -10,
    ci95: [-150, -50],
    p_value: 0.0001,
    verdict: "improved",
    more_runs: null,
    ...changes,
  };
}

test("the interval is told in percent of A", () => {
  expect(intervalPct(metric({}))).toEqual([-15, -5]);
  expect(intervalPct(metric({ a: 0 }))).toBeNull();
  expect(intervalPct(metric({ ci95: null }))).toBeNull();
});

test("regressions come first, extras after the standard metrics", () => {
  const all = [
    metric({ metric: "GPU (W)", extra: true, verdict: "regressed" }),
    metric({}),
    metric({ metric: "ttft_ms", verdict: "regressed" }),
  ];

  expect(sorted(all).map((each) => each.metric)).toEqual(["ttft_ms", "latency_ms", "GPU (W)"]);
  expect(tally(all)).toBe("2 regressed, 1 improved");
});

test("what is inconclusive says why", () => {
  const open = { verdict: "inconclusive" as const };

  expect(reason(metric({ ...open, n_b: 1 }))).toBe("too few values");
  expect(reason(metric({ ...open, more_runs: { a: 3, b: 4000 } }))).toBe(
    "about 3 more runs of A and 4,000 of B would decide",
  );
  expect(reason(metric({ ...open, more_runs: { a: 1, b: 0 } }))).toBe(
    "about 1 more run of A would decide",
  );
  expect(reason(metric({ ...open, more_runs: { a: 0, b: 55 } }))).toBe(
    "about 55 more runs of B would decide",
  );
  expect(reason(metric({}))).toBe("");
});

test("chance has a floor", () => {
  expect([chance(0.00001), chance(0.045), chance(null)]).toEqual(["p < 0.001", "p = 0.045", ""]);
});

test("Markdown names both sides, every metric, and keeps its table whole", () => {
  const side = { runs: 50 } as CompareAnswer["a"];
  const found: CompareAnswer = {
    a: side,
    b: side,
    min_effect_pct: 2,
    metrics: [metric({ metric: "odd|label", extra: true })],
    conditions_diff: [{ field: "tag", a: ["x"], b: [null] }],
  };
  const text = markdown(found, { a: "build|41", b: "build 42" }, "https://host/#/compare");

  expect(text).toContain("| odd\\|label | 1,000 ms".replace("1,000 ms", "1 s"));
  expect(text).toContain("**A** build\\|41 (50 runs)");
  expect(text).toContain("−15.0% … −5.0%");
  expect(text).toContain("- tag: x → (none)");
});

const PAGE = { from: 1_000_000, to: 2_000_000 };

test("without filters A is the window before", () => {
  const query = new URLSearchParams();

  expect(sideOf(query, "a", PAGE)).toMatchObject({
    when: "before",
    window: { from: 0, to: 1_000_000 },
  });
  expect(sideOf(query, "b", PAGE)).toMatchObject({ when: "this", window: PAGE });
});

test("sides that differ by a filter are of the same window", () => {
  const query = new URLSearchParams("a_tag=x&b_tag=y");

  expect(sideOf(query, "a", PAGE).window).toEqual(PAGE);
  expect(sideQuery(sideOf(query, "b", PAGE))).toEqual([
    ["b_from", "1970-01-01T00:16:40.000Z"],
    ["b_to", "1970-01-01T00:33:20.000Z"],
    ["b_tag", "y"],
  ]);
});

test("values of a condition are the first few, with how many more there are", () => {
  const many = Array.from({ length: 100 }, (_, at) => `m${at}`);
  const condition: ConditionDifference = {
    field: "model",
    a: many,
    b: ["x"],
    a_count: 9_000,
    b_count: 1,
  };

  expect(valuesOf(condition, "a")).toBe("m0, m1, m2, m3, m4, m5, m6, m7 and 8,992 more");
  expect(valuesOf(condition, "b")).toBe("x");
});
