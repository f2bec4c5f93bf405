import { expect, test } from "vitest";
import { batchesOf, linesOf } from "./upload";

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

test("an empty file has no batches", () => {
  expect(batchesOf(linesOf("a.csv", ""))).toEqual([]);
});
