import { expect, test } from "vitest";
import { toCsv } from "./csv";
import { cellShown, rawRows } from "./raw_rows";

const shown = (text: string) =>
  rawRows(text).map((row) => [...row].map(([name, cell]) => [name, cellShown(cell)]));

test("numbers are shown with every digit that they are stored with", () => {
  expect(shown('{"id":12345678901234567890,"v": 1.0 ,"e":-1E400,"z":-0}')).toEqual([
    [
      ["id", "12345678901234567890"],
      ["v", "1.0"],
      ["e", "-1E400"],
      ["z", "-0"],
    ],
  ]);
});

test("true and false are seen, and null is a dash", () => {
  expect(shown('{"ok":true,"warm":false,"n":null}')).toEqual([
    [
      ["ok", "true"],
      ["warm", "false"],
      ["n", "–"],
    ],
  ]);
});

test("texts and what is nested come whole, whatever signs are in them", () => {
  const nested = '{"a":[1,{"id":9007199254740993}],"b":"x,}"}';
  const row = `{"s":"a \\"b\\", {c}: \\u00e9\\n","o":${nested},"l":[true, "]"],"e":{},"__proto__":1}`;

  expect(shown(row)).toEqual([
    [
      ["s", 'a "b", {c}: é\n'],
      ["o", nested],
      ["l", '[true, "]"]'],
      ["e", "{}"],
      ["__proto__", "1"],
    ],
  ]);
});

test("each line is a row, an empty one has no cells", () => {
  expect(shown('{"a":1}\n\n{}\n{"a":""}')).toEqual([[["a", "1"]], [], [["a", ""]]]);
});

test("in CSV numbers keep their digits and their sign, and texts are guarded", () => {
  const [row] = rawRows('{"n":-12345678901234567890,"t":"-1","ok":false}');

  expect(toCsv(["n", "t", "ok"], [[...(row ?? new Map()).values()]])).toBe(
    "n,t,ok\r\n-12345678901234567890,'-1,false\r\n",
  );
});
