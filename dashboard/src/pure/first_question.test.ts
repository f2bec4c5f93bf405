import { expect, test } from "vitest";
import { firstQuestion } from "./first_question";
import { parseRoute } from "./route";

const NOW = Date.UTC(2026, 10, 23, 12);
const asked = (hash: string) => firstQuestion(parseRoute(hash), NOW);

test("the overview asks for the figures of its window, filters included", () => {
  const day = "from=2026-11-22T12%3A00%3A00.000Z&to=2026-11-23T12%3A00%3A00.000Z";

  expect(asked("")).toBe(`/usage/summary?${day}`);
  expect(asked("#/overview?by=device&model=a&cond=commit%3D4f2")).toBe(
    `/usage/summary?${day}&model=a&cond.commit=4f2`,
  );
  expect(asked("#/overview?range=1h")).toBe(
    "/usage/summary?from=2026-11-23T11%3A00%3A00.000Z&to=2026-11-23T12%3A00%3A00.000Z",
  );
});

test("a dataset asks for its series, split where its charts are", () => {
  expect(asked("#/datasets/a?by=device&device=d&model=")).toBe(
    "/user/data/metrics?dataset=a&device=d&model=&max_points=1000&split=device",
  );
  expect(asked("#/datasets/a?by=device&tab=adapter")).toBe(
    "/user/data/metrics?dataset=a&max_points=1000",
  );
});

test.each([
  "#/datasets",
  "#/datasets/a?tab=upload",
  "#/datasets/a/b",
  "#/overview/a",
  "#/jobs/a",
  "#/nothing",
])("%s asks nothing that its address says", (hash) => expect(asked(hash)).toBeNull());
