import { afterEach, expect, test, vi } from "vitest";
import { isAsking, tracked } from "./asking";

afterEach(() => {
  vi.useRealTimers();
});

test("a question is on its way until it is answered, or fails", async () => {
  let answer: (text: string) => void = () => undefined;
  const asked = tracked(new Promise<string>((resolve) => (answer = resolve)));
  const failed = tracked(Promise.reject(new Error("no")));
  expect(isAsking()).toBe(true);

  await expect(failed).rejects.toThrow("no");
  expect(isAsking()).toBe(true);
  answer("yes");

  expect(await asked).toBe("yes");
  expect(isAsking()).toBe(false);
});

test("what has not come for a minute is waited for no longer", () => {
  vi.useFakeTimers({ now: 0 });
  tracked(new Promise(() => undefined));

  vi.setSystemTime(59_999);
  expect(isAsking()).toBe(true);
  vi.setSystemTime(60_000);

  expect(isAsking()).toBe(false);
});
