import { expect, test } from "vitest";
import { asked, counted, filterOf, namesIn, spoken } from "./conditions";

test("a condition of the address is a parameter of its own", () => {
  expect(asked("cond", "quant=Q4_K_M")).toEqual([["cond.quant", "Q4_K_M"]]);
  expect(asked("cond", "note=a=b", "a_")).toEqual([["a_cond.note", "a=b"]]);
  expect(asked("model", "m", "b_")).toEqual([["b_model", "m"]]);
});

test.each(["quant", "Quant=x", "=x", "a.b=x"])("%s in the address asks nothing", (value) => {
  expect(asked("cond", value)).toEqual([]);
});

test("a value that is clicked filters by what it is", () => {
  expect(filterOf("cond.threads", 4)).toEqual(["cond", "threads=4"]);
  expect(filterOf("device", "phone")).toEqual(["device", "phone"]);
});

test("the commonest conditions come first", () => {
  const runs = [
    { conditions: { quant: "Q4", threads: 4 } },
    { conditions: { quant: "Q4" } },
    { conditions: {} },
  ];

  expect(counted(runs)).toEqual([
    { value: "quant=Q4", count: 2 },
    { value: "threads=4", count: 1 },
  ]);
  expect(namesIn(runs)).toEqual(["quant", "threads"]);
});

test("a condition is spoken without its prefix", () => {
  expect(spoken("cond.start_temperature_c")).toBe("start temperature c");
});
