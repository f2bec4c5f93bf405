import { expect, test } from "vitest";
import { randomId } from "./ids";

test("ids have 32 digits, and no two are the same", () => {
  const ids = Array.from({ length: 100 }, randomId);

  expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(100);
});
