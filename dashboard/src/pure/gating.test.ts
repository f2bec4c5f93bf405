import { expect, test } from "vitest";
import type { GateSeries } from "../api_types";
import { details, matrix, means, sideBody } from "./gating";

function series(device: string, metric: string, more: Partial<GateSeries> = {}): GateSeries {
  return {
    key: { device, model: "m" },
    metric,
    extra: false,
    unit: "ms",
    better: "lower",
    a: 100,
    b: 120,
    delta_pct: 20,
    ci95_pct: [15, 25],
    p_value: 0.001,
    q_value: 0.002,
    tolerance_pct: 5,
    max: null,
    verdict: "fail",
    n_a: 8,
    n_b: 8,
    more_runs: null,
    ...more,
  };
}

test("filters that repeat are values of one", () => {
  const asked: [string, string][] = [
    ["from", "x"],
    ["model", "a"],
    ["model", "b"],
    ["cond.quant", "Q4"],
  ];

  expect(sideBody(asked, { from: 0, to: 1000 })).toEqual({
    filters: { model: ["a", "b"], "cond.quant": ["Q4"] },
    window: { from: "1970-01-01T00:00:00.000Z", to: "1970-01-01T00:00:01.000Z" },
  });
});

test("a group is a line and a metric a column", () => {
  const { metrics, lines } = matrix([
    series("p1", "latency_ms"),
    series("p1", "tok_s"),
    series("p2", "tok_s"),
  ]);

  expect(metrics).toEqual(["latency_ms", "tok_s"]);
  expect(lines.map((line) => [line.name, line.cells.size])).toEqual([
    ["p1 · m", 2],
    ["p2 · m", 1],
  ]);
});

test("a cell says the change, its interval, and what is missing", () => {
  expect(details(series("p", "tok_s"))).toEqual(["+20.0%", "+15.0% … +25.0%"]);
  const open = { ci95_pct: null, delta_pct: null, more_runs: { a: 0, b: 1 } };
  expect(details(series("p", "tok_s", open))).toEqual(["1 more run"]);
});

test("groups that read alike are lines of their own", () => {
  const pairs = [
    { device: "a", model: "b · c" },
    { device: "a · b", model: "c" },
    { device: null, model: "c" },
    { device: "(none)", model: "c" },
  ];

  const { lines } = matrix(pairs.map((key) => series("", "tok_s", { key })));

  expect(lines.map((line) => line.cells.size)).toEqual([1, 1, 1, 1]);
  expect(new Set(lines.map((line) => line.id)).size).toBe(4);
});

test("a cell says both means with their unit, and of how many values", () => {
  expect(means(series("p", "latency_ms"))).toBe("100 ms → 120 ms, n = 8, 8");
  const none = { a: null, b: 0.25, n_a: 0, n_b: 1 };
  expect(means(series("p", "error_rate", none))).toBe("– → 25%, n = 0, 1");
});
