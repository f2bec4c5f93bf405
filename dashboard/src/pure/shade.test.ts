import { expect, test } from "vitest";
import { shade } from "./shade";

test.each([
  [null, true, "dark"],
  [null, false, "light"],
  ["light", true, "light"],
  ["dark", false, "dark"],
  ["purple", true, "dark"],
])("%s where the system is dark: %s", (kept, systemIsDark, expected) => {
  expect(shade(kept, systemIsDark)).toBe(expected);
});
