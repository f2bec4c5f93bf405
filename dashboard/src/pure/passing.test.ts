import { expect, test } from "vitest";
import { mayPass } from "./passing";

test.each([
  [0, true],
  [408, true],
  [429, true],
  [500, true],
  [503, true],
  [303, false],
  [401, false],
  [404, false],
  [413, false],
  [422, false],
])("trouble %s may pass: %s", (status, expected) => expect(mayPass(status)).toBe(expected));
