import { expect, test } from "vitest";
import { bucketSeconds, previous, query, rangeMs, resolve, wholeBucket } from "./window";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const none = { range: null, from: null, to: null };

test("a range ends now", () => {
  expect(resolve({ ...none, range: "1h" }, "24h", NOW)).toEqual({
    window: { from: NOW - 3_600_000, to: NOW },
    range: "1h",
    isOdd: false,
  });
});

test("from and to go before a range, whatever they are written in", () => {
  const asked = { range: "1h", from: "2026-11-01T00:00:00Z", to: String(NOW) };

  expect(resolve(asked, "24h", NOW)).toEqual({
    window: { from: Date.parse("2026-11-01T00:00:00Z"), to: NOW },
    range: null,
    isOdd: false,
  });
});

test.each(["", "7x", "0h", "-1d", "99999d"])(
  "%s is no range, and the usual one is taken and named",
  (range) => {
    expect(rangeMs(range)).toBeNull();
    expect(resolve({ ...none, range }, "24h", NOW)).toEqual({
      window: { from: NOW - 86_400_000, to: NOW },
      range: "24h",
      isOdd: true,
    });
  },
);

test.each([
  ["2026-11-02", "2026-11-01"],
  ["2026-11-01", "2026-11-01"],
  ["soon", null],
  [null, "2026-11-01"],
])("from %s to %s is no window, and the one that is shown is named", (from, to) => {
  expect(resolve({ range: null, from, to }, "1h", NOW)).toEqual({
    window: { from: NOW - 3_600_000, to: NOW },
    range: "1h",
    isOdd: true,
  });
});

test("from alone reaches to now; times are read as the API reads them", () => {
  const from = Date.parse("2026-11-01T02:00:00Z");

  for (const text of ["2026-11-01 02:00", "2026-11-01T03:00+01:00", `${from}000000`])
    expect(resolve({ ...none, from: text }, "1h", NOW).window).toEqual({ from, to: NOW });
});

test("a range that reaches before 1970 begins there", () => {
  expect(resolve({ ...none, range: "99y" }, "24h", NOW).window).toEqual({ from: 0, to: NOW });
});

test("all of time is no window, and only where it is offered", () => {
  expect(resolve({ ...none, range: "all" }, "all", NOW).window).toBeNull();
  expect(resolve(none, "all", NOW).range).toBe("all");
  expect(resolve({ ...none, range: "all" }, "24h", NOW)).toEqual(resolve(none, "24h", NOW));
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

test("what is not about time is asked for in one bucket, or by the server's choice", () => {
  expect(wholeBucket({ from: 0, to: 366 * 86_400_000 })).toBe("31622400");
  expect(wholeBucket({ from: 0, to: 366 * 86_400_000 + 1 })).toBe("auto");
});
