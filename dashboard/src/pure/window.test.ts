import { expect, test } from "vitest";
import { bucketSeconds, previous, query, rangeMs, resolve } from "./window";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const none = { range: null, from: null, to: null };

test("a range ends now", () => {
  expect(resolve({ ...none, range: "1h" }, "24h", NOW)).toEqual({ from: NOW - 3_600_000, to: NOW });
});

test("from and to go before a range, whatever they are written in", () => {
  const asked = { range: "1h", from: "2026-11-01T00:00:00Z", to: String(NOW) };

  expect(resolve(asked, "24h", NOW)).toEqual({ from: Date.parse("2026-11-01T00:00:00Z"), to: NOW });
});

test.each(["", "7x", "0h", "-1d", "99999d"])(
  "%s is no range, and the usual one is taken",
  (range) => {
    expect(rangeMs(range)).toBeNull();
    expect(resolve({ ...none, range }, "24h", NOW)?.from).toBe(NOW - 86_400_000);
  },
);

test("a window that ends before it begins is not taken", () => {
  const asked = { range: null, from: "2026-11-02", to: "2026-11-01" };

  expect(resolve(asked, "1h", NOW)).toEqual({ from: NOW - 3_600_000, to: NOW });
});

test("all of time is no window", () => {
  expect(resolve({ ...none, range: "all" }, "24h", NOW)).toBeNull();
  expect(resolve(none, "all", NOW)).toBeNull();
  expect(query(null)).toEqual([]);
});

test("the window before has the same length and touches", () => {
  expect(previous({ from: 100, to: 160 })).toEqual({ from: 40, to: 100 });
});

test("there are at most sixty buckets of a round length", () => {
  for (const length of [
    60_000,
    900_000,
    3_600_000,
    86_400_000,
    30 * 86_400_000,
    4000 * 86_400_000,
  ]) {
    const step = bucketSeconds({ from: 0, to: length });
    expect(length / 1000 / step).toBeLessThanOrEqual(60);
  }
  expect(bucketSeconds({ from: 0, to: 86_400_000 })).toBe(1_800);
});
