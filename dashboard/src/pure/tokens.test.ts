import { expect, test } from "vitest";
import { tokensOf } from "./tokens";

test("tokens that no run counted are none, not zero", () => {
  expect(tokensOf({ total_tokens: 12 })).toBe(12);
  expect(tokensOf({ total_tokens: 0 })).toBeNull();
});
