import { expect, test } from "vitest";
import { newAdapter } from "./adapter";
import { knownFields, writerOf } from "./column_types";

const STANDARD = knownFields(null);
const written = (name: string, cells: string[], known = STANDARD) =>
  cells.map(writerOf(name, cells, known));

test.each(["3.10", "1.0", "1234e56", "007", "-0", "9007199254740993", "1e21", "0x1", "NaN", "+1"])(
  "%s would not come back the same, so it stays text",
  (cell) => {
    expect(written("version", [cell])).toEqual([JSON.stringify(cell)]);
  },
);

test.each(["0", "-1", "3.1", "1e-7", "9007199254740991", "1764784800.25"])(
  "%s comes back the same, so it is a number",
  (cell) => {
    expect(written("fan_rpm", [cell])).toEqual([cell]);
  },
);

test("a column is of one type: one cell that is none makes all of them text", () => {
  expect(written("version", ["3.9", "", "3.10"])).toEqual(['"3.9"', null, '"3.10"']);
  expect(written("warm", ["true", "false", ""])).toEqual(["true", "false", null]);
  expect(written("warm", ["true", "1"])).toEqual(['"true"', '"1"']);
});

test("label columns stay text, whatever stands in them", () => {
  expect(written("tag", ["true", "", "7"])).toEqual(['"true"', null, '"7"']);
  expect(written("model", ["1.5"])).toEqual(['"1.5"']);
});

test("measured columns are numbers with every digit; what is none is left to the server", () => {
  expect(written("latency_ms", ["900.0", "", "1e3", "n/a"])).toEqual([
    "900.0",
    null,
    "1e3",
    '"n/a"',
  ]);
});

test("the adapter says what its own fields are", () => {
  const extra = { label: "x", unit: null, better: null, scale: 1 };
  const known = knownFields({
    ...newAdapter("d"),
    tag_field: "build",
    latency_ms_field: "total",
    extra_fields: [
      { ...extra, field: "power", kind: "number" },
      { ...extra, field: "note", kind: "string" },
    ],
  });

  expect(written("build", ["12"], known)).toEqual(['"12"']);
  expect(written("note", ["12"], known)).toEqual(['"12"']);
  expect(written("total", ["12.50"], known)).toEqual(["12.50"]);
  expect(written("power", ["45.0", "45.5"], known)).toEqual(["45.0", "45.5"]);
  expect(written("other", ["45.0", "45.5"], known)).toEqual(['"45.0"', '"45.5"']);
});
