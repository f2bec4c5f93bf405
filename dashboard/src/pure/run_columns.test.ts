import { expect, test } from "vitest";
import type { RunAnswer } from "../api_types";
import { chosenColumns, conditionColumns, flagsOf } from "./run_columns";

function run(conditions: RunAnswer["conditions"]): RunAnswer {
  return { conditions } as RunAnswer;
}

const RUNS = [
  run({ quant: "Q4", commit: "a", threads: 8, flag_cached: true, flag_buffered: false }),
  run({ quant: "Q4", commit: "b" }),
];

test("what differs comes first, also where one run has no value; flags are no columns", () => {
  expect(conditionColumns(RUNS)).toEqual([
    { name: "commit", differs: true },
    { name: "threads", differs: true },
    { name: "quant", differs: false },
  ]);
});

test("what differs is shown until other columns are chosen, or none", () => {
  const all = conditionColumns(RUNS);

  expect(chosenColumns(null, all)).toEqual(["commit", "threads"]);
  expect(chosenColumns("quant,commit,gone", all)).toEqual(["commit", "quant"]);
  expect(chosenColumns("", all)).toEqual([]);
});

test("flags of a run are those that are true", () => {
  expect(RUNS.map(flagsOf)).toEqual([["cached"], []]);
});
