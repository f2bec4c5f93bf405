import { expect, test } from "vitest";
import { batchesOf, contentsOf, textOf } from "./upload";

const linesOf = (name: string, text: string) => contentsOf(name, text).lines;

test("cells become numbers and booleans where they are such, and stay text where they are not", () => {
  const [line] = linesOf("a.csv", "n,b,id,e,zero,s\n1.5,true,12345678901234567890,,007,x\n");

  expect(JSON.parse(line?.json ?? "")).toEqual({
    n: 1.5,
    b: true,
    id: "12345678901234567890",
    zero: "007",
    s: "x",
  });
  expect(line?.line).toBe(2);
});

test("JSON lines are passed on as they are, bad ones too", () => {
  expect(linesOf("a.jsonl", '\ufeff{"a":1}\r\n\n{oops\n')).toEqual([
    { line: 1, json: '{"a":1}' },
    { line: 3, json: "{oops" },
  ]);
});

test("batches hold every line once, in order, within their limits", () => {
  const lines = Array.from({ length: 25 }, (_, at) => ({ line: at + 1, json: "x".repeat(at) }));
  const batches = batchesOf(lines, 10, 60);

  expect(batches.flatMap((batch) => batch.lines)).toEqual(lines);
  for (const batch of batches) {
    expect(batch.lines.length).toBeLessThanOrEqual(10);
    expect(batch.body.length).toBeLessThanOrEqual(60);
  }
});

test("a row greater than a batch goes alone, so that the server can refuse it by name", () => {
  const lines = [1, 2, 3].map((line) => ({ line, json: line === 2 ? "y".repeat(100) : "x" }));

  expect(batchesOf(lines, 10, 50).map((batch) => batch.lines.length)).toEqual([1, 1, 1]);
});

test.each([
  ["a.csv", "", "empty"],
  ["a.jsonl", "\ufeff \n", "empty"],
  ["a.csv", "a,b\n", "no rows"],
  ["a.csv", "a,,b\n1,2,3\n", "column 2"],
  ["a.csv", "a,b,a\n1,2,3\n", "a twice"],
  ["a.json", '[{"a":1}]', "JSON array"],
])("%s with %j is refused as a whole", (name, text, why) => {
  expect(() => contentsOf(name, text)).toThrow(why);
});

test("records that do not fit the header are refused by their line, the others are kept", () => {
  const found = contentsOf("a.csv", 'a,b\n1\n1,2\n1,2,3\n"1,2\n3,4\n');

  expect(found.lines).toEqual([{ line: 3, json: '{"a":1,"b":2}' }]);
  expect(found.refused.map(({ line, detail }) => [line, detail])).toEqual([
    [2, "1 cells, but the first line names 2 fields"],
    [4, "3 cells, but the first line names 2 fields"],
    [5, "a quotation mark that is never closed"],
  ]);
});

test.each([";", "\t"])("fields may be separated by %j", (by) => {
  const [line] = linesOf("a.csv", `a${by}b\n1,5${by}x`);

  expect(line?.json).toBe('{"a":"1,5","b":"x"}');
});

test("JSON lines are known by their looks, whatever the file is called", () => {
  expect(linesOf("a.csv", '{"a":1}\n')).toEqual([{ line: 1, json: '{"a":1}' }]);
});

test("a line that no request could carry is refused by name", () => {
  const found = contentsOf("a.jsonl", `{"a":1}\n{"a":"${"x".repeat(300_000)}"}\n{"a":3}\n`);

  expect(found.lines.map(({ line }) => line)).toEqual([1, 3]);
  expect(found.refused).toEqual([
    { line: 2, code: "row_too_large", detail: "a row has at most 256 KB" },
  ]);
});

test("text is UTF-8, or UTF-16 with its mark", () => {
  const utf16 = [0xff, 0xfe, 0xe9, 0];

  expect(textOf(new TextEncoder().encode("é"))).toBe("é");
  expect(textOf(new Uint8Array(utf16))).toBe("é");
  expect(() => textOf(new Uint8Array([0x61, 0xe9, 0x0a]))).toThrow("UTF-8");
  expect(() => textOf(new Uint8Array([0x61, 0]))).toThrow("UTF-8");
});
