import { expect, test } from "vitest";
import type { DeviceAnswer } from "../api_types";
import { callsSaid, howIs, modelsOf } from "./places";

function device(serial: string, changes: Partial<DeviceAnswer> = {}): DeviceAnswer {
  const usual = { present: true, ready: true, takes_calls: true, calls_running: 0 };
  return { serial, models: ["m"], state: "available", ...usual, ...changes } as DeviceAnswer;
}

test("models that can be answered with now come first, each once", () => {
  const away = { ready: false, present: false, takes_calls: false };

  const found = modelsOf([
    device("a", { models: ["b", "a"], ...away }),
    device("b", { models: ["b"] }),
  ]);

  expect(found).toEqual([
    { model: "b", devices: 2, ready: 1 },
    { model: "a", devices: 1, ready: 0 },
  ]);
});

test.each([
  [{}, "available"],
  [{ present: false, ready: false, takes_calls: false, state: "offline" as const }, "offline"],
  [{ takes_calls: false }, "takes no calls"],
  [{ state: "busy" as const, calls_running: 2 }, "answers 2 calls"],
  [{ state: "busy" as const }, "runs a job"],
  [{ state: "low_battery" as const }, "low battery"],
])("a device with %o is said to be so", (changes, said) => {
  expect(howIs(device("a", changes))).toBe(said);
});

test("calls are counted in words", () => {
  expect([0, 1, 3].map((calls_running) => callsSaid(device("a", { calls_running })))).toEqual([
    null,
    "answers a call",
    "answers 3 calls",
  ]);
});
