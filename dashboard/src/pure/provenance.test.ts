import { expect, test } from "vitest";
import { how, repetitionsOf } from "./provenance";

test("a runner's words say what measured, on which clock, and when", () => {
  const said = { kind: "measured", source: "client_stream", clock: "device", when: "at the end" };

  expect(how(said, 5)).toBe("measured: client stream, device's clock (at the end)");
  expect(how({ kind: "measured", source: "server" }, 5)).toBe("measured: server");
});

test("a runner's words say why a value is missing, and over what it was taken", () => {
  const withheld = { kind: "withheld", source: "runner", clock: null, why: "in one piece" };
  const over = { kind: "derived", source: "runner", over: "1 of 4 repetitions" };

  expect(how(withheld, null)).toBe("withheld: runner (in one piece)");
  expect(how(over, 5)).toBe("derived: runner (over 1 of 4 repetitions)");
});

test.each([undefined, null, {}, [], "", 0])(
  "with %j said, a value was measured all the same, and none was not",
  (said) => {
    expect(how(said, 0)).toBe("reported by the device");
    expect(how(said, null)).toBe("not measured");
    expect(how(said, undefined)).toBe("not measured");
  },
);

test("what is said in another form is passed on", () => {
  expect(how("from the log", 5)).toBe("from the log");
  expect(how({ source: "log" }, 5)).toBe("log");
});

test("figures say of how many repetitions they are", () => {
  expect(repetitionsOf([])).toBe("");
  expect(repetitionsOf([{}])).toBe("");
  expect(repetitionsOf([{ left_out: null }, {}, {}])).toBe("of 3 repetitions");
  expect(repetitionsOf([{ left_out: "cache" }, {}, {}])).toBe("of 2 of 3 repetitions");
});
