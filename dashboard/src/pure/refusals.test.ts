import { expect, test } from "vitest";
import { adviceFor, failure, refusalOf } from "./refusals";

const none = () => null;

test("a problem keeps what it says, with when to come again and how many wait", () => {
  const headers: Record<string, string> = { "Retry-After": "7", "X-Evalyard-Ahead": "4" };
  const body = JSON.stringify({ code: "queue_full", detail: "all are busy", request_id: "ask_1" });

  const refusal = refusalOf(429, (name) => headers[name] ?? null, body);

  expect(refusal).toMatchObject({
    code: "queue_full",
    detail: "all are busy",
    retryAfterS: 7,
    ahead: 4,
    requestId: "ask_1",
  });
  expect(adviceFor(refusal)).toContain("another device");
  expect(adviceFor(refusal)).toContain("7 s");
});

test("faults are part of what is said", () => {
  const body = JSON.stringify({
    code: "validation_failed",
    detail: "the body is not acceptable",
    errors: [{ pointer: "/options/num_predict", detail: "num_predict is at most 32768" }],
  });

  expect(refusalOf(422, none, body).detail).toBe(
    "the body is not acceptable: num_predict is at most 32768",
  );
});

test.each([
  [401, '{"message":"Unauthorized"}', "unauthorized"],
  [502, "<html>Bad gateway</html>", "error"],
  [429, '{"message":"Too Many Requests"}', "error"],
])("an answer of %s that is no problem has a code and an advice", (status, body, code) => {
  const refusal = refusalOf(status, none, body);

  expect(refusal.code).toBe(code);
  expect(adviceFor(refusal)).not.toBe("");
});

test.each([
  "model_not_found",
  "device_not_found",
  "no_device_ready",
  "parallel_limit",
  "queue_full",
  "wait_exceeded",
  "timeout",
  "device_error",
  "invalid_argument",
  "validation_failed",
  "cancelled",
  "forbidden",
  "no_key",
  "unreachable",
  "stream_cut",
])("%s says what to do in words of its own", (code) => {
  expect(adviceFor(failure(code, "x"))).not.toBe(adviceFor(failure("some_other", "x")));
});
