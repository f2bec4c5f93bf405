import { expect, test } from "vitest";
import { NONE, toggled, toggledAll } from "./choosing";

test("choosing an entry twice leaves it out again, and others as they are", () => {
  const one = toggled(NONE, "a");

  expect([...toggled(one, "b")]).toEqual(["a", "b"]);
  expect([...toggled(toggled(one, "b"), "a")]).toEqual(["b"]);
  expect([...one]).toEqual(["a"]);
});

test("all are chosen where none was, and none where some were", () => {
  expect([...toggledAll(NONE, ["a", "b"])]).toEqual(["a", "b"]);
  expect(toggledAll(new Set(["b"]), ["a", "b"])).toBe(NONE);
  expect([...toggledAll(new Set(["gone"]), ["a"])]).toEqual(["a"]);
});
