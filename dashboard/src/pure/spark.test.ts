import { expect, test } from "vitest";
import { sparkPath } from "./spark";

test("neighbours are a line, a value by itself is a dot, nothing is neither", () => {
  const { line, dots } = sparkPath([null, 4, null, null, 2, 4, null]);

  expect(line).toBe("M79.3 13.0L98.7 3.0");
  expect(dots).toBe("M21.3 3.0h0");
  expect(sparkPath([null, null])).toEqual({ line: "", dots: "" });
});

test("one value alone is seen", () => {
  expect(sparkPath([7]).dots).not.toBe("");
});

test("values below zero stay inside the box", () => {
  expect(sparkPath([-2, -1]).line).toBe("M2.0 23.0L118.0 13.0");
});
