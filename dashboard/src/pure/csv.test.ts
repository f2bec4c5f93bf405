import { expect, test } from "vitest";
import { readCsv, toCsv } from "./csv";

const cells = (text: string) => readCsv(text).map((record) => record.cells);

test("what is written is read again", () => {
  const rows = [
    ["a,b", 'say "x"'],
    ["two\nlines", ""],
  ];

  expect(cells(toCsv(["h1", "h2"], rows))).toEqual([["h1", "h2"], ...rows]);
});

test.each(["=1", "+1", "-1", "@a", "\t", "\rx", "\nx", " =1", "\n =1", "\u00a0-1", "\u200b@a"])(
  "%j would run in a spreadsheet, so it is guarded",
  (text) => {
    expect(cells(toCsv(["x"], [[text]]))[1]).toEqual([`'${text}`]);
  },
);

test("numbers stay numbers, and nothing is an empty cell", () => {
  expect(toCsv(["a", "b", "c"], [[-3.2, null, true]])).toBe("a,b,c\r\n-3.2,,true\r\n");
});

test("records know the line that they begin on", () => {
  const text = '\ufeffa,b\r\n"x\ny",1\n\nlast,2';

  expect(readCsv(text)).toEqual([
    { line: 1, cells: ["a", "b"] },
    { line: 2, cells: ["x\ny", "1"] },
    { line: 5, cells: ["last", "2"] },
  ]);
});
