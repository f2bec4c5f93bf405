import { expect, test } from "vitest";
import { splitDots, splitIn } from "./splitting";

const at = (s: number) => new Date(s * 1000).toISOString();
const group = (key: string | null, points: [string, number][], others = false) => ({
  key,
  others,
  n: points.length,
  points,
  downsampled: false,
});

test("each label has dots of its own, also two at one instant", () => {
  const { times, lines } = splitDots(
    [
      group("a", [
        [at(1), 5],
        [at(1), 6],
      ]),
      group(null, [
        [at(0), 7],
        [at(1), 8],
      ]),
    ],
    2,
  );

  expect(times).toEqual([0, 1, 1, 1]);
  expect(lines.map((line) => [line.name, line.values])).toEqual([
    ["a", [null, 5, 6, null]],
    ["(none)", [7, null, null, 8]],
  ]);
});

test("the others are counted and have the colour of the rest", () => {
  const { lines } = splitDots([group("a", []), group(null, [[at(0), 1]], true)], 23);

  expect(lines[1]).toMatchObject({ name: "22 others", color: "--rest" });
});

test("an odd word in the address splits nothing", () => {
  expect(["device", "tag", null].map(splitIn)).toEqual(["device", null, null]);
});
