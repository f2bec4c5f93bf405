import { expect, test } from "vitest";
import { withGaps } from "./gaps";

test("no line is drawn through a silence, and each reading stays", () => {
  const found = withGaps({ times: [0, 60, 300, 310], values: [1, 2, null, 4] }, 60);

  expect(found).toEqual({ times: [0, 60, 180, 300, 310], values: [1, 2, null, null, 4] });
});

test("of nothing, or of one reading, there is no gap", () => {
  expect(withGaps({ times: [], values: [] }, 60)).toEqual({ times: [], values: [] });
  expect(withGaps({ times: [5], values: [1] }, 60)).toEqual({ times: [5], values: [1] });
});
