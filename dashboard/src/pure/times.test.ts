import { expect, test } from "vitest";
import { axisLabels, brief, fromField, stamp, toField } from "./times";

const NOON = Date.parse("2026-11-23T12:04:05.678Z");

test("instants are written in UTC", () => {
  expect(stamp(NOON, "utc")).toBe("2026-11-23 12:04:05");
  expect(brief(NOON, "utc")).toBe("23 Nov 12:04");
  expect(brief(NOON, "utc", true)).toBe("23 Nov 12:04:05");
});

test("a field gives back the minute that it was made of, in both zones", () => {
  for (const zone of ["utc", "local"] as const)
    expect(fromField(toField(NOON, zone), zone)).toBe(NOON - (NOON % 60_000));
  expect(fromField("", "utc")).toBeNull();
});

test("an axis names the day where it changes", () => {
  const day = Date.parse("2026-11-22T18:00:00Z") / 1000;
  const hours = [day, day + 6 * 3600, day + 12 * 3600];

  expect(axisLabels(hours, 6 * 3600, "utc")).toEqual(["18:00\n22 Nov", "00:00\n23 Nov", "06:00"]);
  expect(axisLabels(hours.slice(0, 1), 86_400, "utc")).toEqual(["22 Nov"]);
});
