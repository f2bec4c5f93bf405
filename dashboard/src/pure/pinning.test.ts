import { expect, test } from "vitest";
import { pinned } from "./pinning";
import { parseRoute } from "./route";

const FROM = "2026-11-23T00:00:00.000Z";
const TO = "2026-11-24T00:00:00.000Z";

test("a range that moves becomes the window that was asked for, and all else stays", () => {
  const route = parseRoute("#/overview?range=24h&model=a%26b&model=c&live=1&tz=local");

  const address = parseRoute(pinned(route, `/usage?from=${FROM}&to=${TO}&bucket=60`));

  expect(address.path).toEqual(["overview"]);
  expect([...address.query]).toEqual([
    ["model", "a&b"],
    ["model", "c"],
    ["tz", "local"],
    ["from", FROM],
    ["to", TO],
  ]);
});

test("a view of no window has its own address", () => {
  const route = parseRoute("#/jobs?status=dead&range=all");

  expect(pinned(route, "/api/jobs?status=dead")).toBe("#/jobs?status=dead&range=all");
});
