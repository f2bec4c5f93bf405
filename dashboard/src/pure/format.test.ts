import { describe, expect, test } from "vitest";
import {
  ago,
  amount,
  changePct,
  changeShown,
  digits,
  duration,
  offset,
  scaleFor,
  shown,
  signedPct,
  unitIn,
} from "./format";

describe("shown", () => {
  test.each([
    [null, "ms", "–"],
    [undefined, "runs", "–"],
    [0, "ms", "0 ms"],
    [0.4567, "ms", "0.46 ms"],
    [236.4, "ms", "236 ms"],
    [999.4, "ms", "999 ms"],
    [1234.5, "ms", "1.23 s"],
    [95_000, "ms", "1.58 min"],
    [12, "runs", "12"],
    [99_999, "runs", "99,999"],
    [1_234_567, "tokens", "1.23M"],
    [0.0177, "share", "1.77%"],
    [1, "share", "100%"],
    [60.3, "%", "60.3%"],
    [45.5, "W", "45.5 W"],
    [-3.2, "W", "−3.20 W"],
    [3 * 2 ** 20, "bytes", "3 MB"],
    [1e300, "ms", "1.0e+300 ms"],
    [-1e300, "", "−1.0e+300"],
    [5e-7, "ms", "5.0e-7 ms"],
    [-5e-7, "ms", "−5.0e-7 ms"],
    [Number.POSITIVE_INFINITY, "ms", "∞ ms"],
  ])("%s %s is %s", (value, unit, text) => expect(shown(value, unit)).toBe(text));
});

test("thousands stand apart, small numbers keep their first digits", () => {
  expect(digits(1_234_567)).toBe("1,234,567");
  expect(digits(0.000123)).toBe("1.2e-4");
});

test("one scale fits a whole axis", () => {
  expect(scaleFor("ms", 2_500)).toMatchObject({ divide: 1_000, unit: "s" });
  expect(scaleFor("W", 2_500)).toMatchObject({ divide: 1, unit: "W" });
});

test("no change is told where there was nothing, or zero, before", () => {
  expect(changePct(5, 0)).toBeNull();
  expect(changePct(5, null)).toBeNull();
  expect(changePct(null, 5)).toBeNull();
  expect(changePct(5, 4)).toBe(25);
  expect(changePct(-3, -4)).toBe(25);
});

test.each([
  [12.34, "+12.3%"],
  [-0.01, "0%"],
  [-180.6, "−181%"],
  [2e17, "+2.0e+17%"],
  [Number.NEGATIVE_INFINITY, "−∞%"],
  [null, "–"],
])("%s percent is %s", (pct, text) => expect(signedPct(pct)).toBe(text));

test("a change of many times is told in times", () => {
  expect(changeShown(1_100)).toBe("12×");
  expect(changeShown(34.2)).toBe("+34.2%");
});

test("a label's unit stands in its last parentheses", () => {
  expect(unitIn("GPU power (W)")).toBe("W");
  expect(unitIn("Memory (of all) used")).toBe("");
});

test.each([
  ["2026-11-23T12:00:00Z", "now"],
  ["2026-11-23T11:59:48Z", "12 s ago"],
  ["2026-11-23T11:30:00Z", "30 min ago"],
  ["2026-11-22T12:00:00Z", "24 h ago"],
  ["2026-11-13T12:00:00Z", "10 d ago"],
  ["2026-11-23T12:00:30Z", "now"],
  [null, "–"],
])("%s is %s", (at, text) => expect(ago(at, Date.parse("2026-11-23T12:00:00Z"))).toBe(text));

test.each([
  [null, "–"],
  [850, "850 ms"],
  [200_000, "3 min 20 s"],
  [600_000, "10 min"],
  [7_500_000, "2 h 5 min"],
])("%s ms last %s", (ms, text) => expect(duration(ms)).toBe(text));

test.each([
  [3_610, "+3.61 s"],
  [-3_610, "−3.61 s"],
  [0, "+0 ms"],
  [-200_000, "−3 min 20 s"],
])("%s ms after something is %s", (ms, text) => expect(offset(ms)).toBe(text));

test("an amount names one thing as one", () => {
  expect([0, 1, 2, 1234].map((count) => amount(count, "run"))).toEqual([
    "0 runs",
    "1 run",
    "2 runs",
    "1,234 runs",
  ]);
});
