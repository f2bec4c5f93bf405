import { expect, test } from "vitest";
import { axisAround, type Drawing, drawn, isolated, type Line } from "./lines";

const line = (name: string, values: (number | null)[], kind: Line["kind"]): Line => ({
  name,
  values,
  kind,
  color: "--x",
});
const drawing = (lines: Line[], partial = false): Drawing => ({
  times: [1, 2, 3],
  lines,
  bands: [],
  unit: "",
  partial,
  step: 1,
});

test("bars stand upon one another, the topmost drawn first", () => {
  const pieces = drawn(
    drawing([line("a", [1, 2, null], "bar"), line("b", [3, 0, 1], "bar")]),
    new Set(),
  );

  expect(pieces).toEqual([
    { line: 1, values: [4, 2, 1], dashed: false },
    { line: 0, values: [1, 2, 0], dashed: false },
  ]);
});

test("hidden bars leave no gap", () => {
  const bars = drawing([line("a", [1, 1, 1], "bar"), line("b", [2, 2, 2], "bar")]);

  expect(drawn(bars, new Set(["a"]))).toEqual([{ line: 1, values: [2, 2, 2], dashed: false }]);
});

test("a bucket that is not over is a dashed piece of its own, and gaps stay gaps", () => {
  const pieces = drawn(drawing([line("p50", [5, null, 7], "line")], true), new Set());

  expect(pieces.map((piece) => [piece.values, piece.dashed])).toEqual([
    [[5, null, null], false],
    [[null, null, 7], true],
  ]);
});

test.each([
  [
    [null, 5, null, null, 7, null, null, null, 1],
    [1, 4, 8],
  ],
  [[5], [0]],
  [[5, 6, null, 7], [3]],
  [[0, null, null], [0]],
  [[1, 2, 3], []],
  [[null, null], []],
  [[], []],
])("of %j the values at %j have no neighbour to draw a line to", (values, places) => {
  expect(isolated(values)).toEqual(places);
});

test("an axis has room around one instant, and else follows the data", () => {
  expect(axisAround([1_764_000_000])).toEqual([1_763_999_940, 1_764_000_060]);
  expect(axisAround([5, 7, 9])).toEqual([5, 9]);
  expect(axisAround([])).toEqual([0, 1]);
});
