import { expect, test } from "vitest";
import { NONE, sought, toggled, toggledAll } from "./choosing";

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

test("entries are found by all words of what is sought, in any order and case", () => {
  const names = ["Phone of the lab", "phone 2", "Server"];
  const found = (text: string) => sought(names, text, (name) => name);

  expect(found("LAB phone")).toEqual(["Phone of the lab"]);
  expect(found(" phone ")).toHaveLength(2);
  expect(found("")).toBe(names);
});
