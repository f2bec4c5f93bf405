import { expect, test } from "vitest";
import { USAGE_PARAMETERS } from "../api_types";
import { keysOf, USAGE_FILTERS } from "../filters";

test("every filter of usage has a name for people, and windows are no filters", () => {
  const names: string[] = keysOf(USAGE_FILTERS);

  expect(names).not.toContain("minutes");
  expect(USAGE_PARAMETERS.filter((name) => !names.includes(name)).sort()).toEqual([
    "cond.<name>",
    "exact",
    "extra",
    "from",
    "minutes",
    "since_s",
    "to",
  ]);
  expect(Object.values(USAGE_FILTERS).every((said) => /^[A-Z]/.test(said))).toBe(true);
});
