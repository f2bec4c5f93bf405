import { expect, test } from "vitest";
import { filterQuery, formatRoute, linkTo, parseRoute, unfiltered, withQuery } from "./route";

test("an address comes back as it was", () => {
  const route = parseRoute("#/datasets/a%2Fb%20c?range=7d&model=x&model=y%26z");

  expect(route.path).toEqual(["datasets", "a/b c"]);
  expect(route.query.getAll("model")).toEqual(["x", "y&z"]);
  expect(parseRoute(formatRoute(route.path, route.query))).toEqual(route);
});

test.each(["", "#", "#/", "#/?range=1h"])("%s is the overview", (hash) => {
  expect(parseRoute(hash).path).toEqual(["overview"]);
});

test("an address that was cut short is still read", () => {
  expect(parseRoute("#/jobs/%E0%A4%A").path).toEqual(["jobs", "%E0%A4%A"]);
});

test("another page keeps time and filters, not what was its neighbour's own", () => {
  const route = parseRoute("#/overview?range=7d&by=device&model=a");

  expect(linkTo(["jobs"], route)).toBe("#/jobs?range=7d&model=a");
  expect(linkTo(["jobs", "new"], route, { clone: "j" })).toBe(
    "#/jobs/new?range=7d&model=a&clone=j",
  );
});

test("changing one parameter leaves the others", () => {
  const query = withQuery(parseRoute("#/x?a=1&b=2&b=3"), { a: null, b: ["4"] });

  expect(query.toString()).toBe("b=4");
});

test("filters are told with each of their values", () => {
  expect(filterQuery(parseRoute("#/x?tag=a&tag=b&by=z"))).toEqual([
    ["tag", "a"],
    ["tag", "b"],
  ]);
});

test("choices are asked for in the window, whatever is chosen already", () => {
  expect(
    unfiltered([
      ["from", "x"],
      ["model", "a"],
      ["to", "y"],
      ["device", "d"],
    ]),
  ).toEqual([
    ["from", "x"],
    ["to", "y"],
  ]);
});
