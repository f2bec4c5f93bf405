import { expect, test } from "vitest";
import { attributesOf, type Column } from "./table";

const COLUMN: Column<number> = { name: "Rows", cell: String };

test("A cell has its name only where cells are stacked", () => {
  expect(attributesOf(COLUMN, 1, true)).toEqual({ "data-label": "Rows" });
  expect(attributesOf(COLUMN, 1, false)).toEqual({});
});

test("What takes up its own place in a stack has no name there", () => {
  const whole: Column<number> = { ...COLUMN, class: "job", phone: "whole" };

  expect(attributesOf(whole, 1, true)).toEqual({ class: "job whole" });
  expect(attributesOf(whole, 1, false)).toEqual({ class: "job" });
  expect(attributesOf({ ...COLUMN, phone: "bare" }, 1, true)).toEqual({});
  expect(attributesOf({ ...COLUMN, isHeading: true }, 1, true)).toEqual({});
});

test("A cell joins the classes of its column and its own", () => {
  const about = (row: number) => ({ class: row < 0 ? "bad" : "good", "data-value": row });
  const column: Column<number> = { ...COLUMN, class: "nowrap", isText: true, about };

  expect(attributesOf(column, -1, false)).toEqual({ class: "nowrap bad text", "data-value": -1 });
});
