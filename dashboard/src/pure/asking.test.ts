import { expect, test } from "vitest";
import type { AskEnd } from "../api_types";
import { type AskEvent, eventReader } from "./ask_events";
import { begun, closed, heard, phasesOf, refused, speedOf, stateOf } from "./asking";
import { failure } from "./refusals";

const token = (i: number, t_ms: number, text: string): AskEvent => ({
  event: "token",
  i,
  t_ms,
  text,
});
const STARTED: AskEvent = { event: "started", request_id: "ask_1", device: "phone" };
const END = {
  request_id: "ask_1",
  model: "m",
  device: "phone",
  finish_reason: "stop",
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
  metrics: { ttft_ms: 200, tok_s: 25 },
  phases: {
    gateway_ms: 8,
    queue_ms: 0,
    load_ms: null,
    prefill_ms: 200,
    decode_ms: 90,
    network_ms: 20,
    finish_ms: 12,
    total_ms: 330,
  },
  run_id: "run_1",
} as unknown as AskEnd;

test("events are whole when pieces of a stream end anywhere", () => {
  const text = `${JSON.stringify(STARTED)}\n\n${JSON.stringify(token(0, 1, "ä\n"))}\n`;
  const read = eventReader();

  const events = [...text].flatMap((letter) => read(letter));

  expect(events).toEqual([STARTED, token(0, 1, "ä\n")]);
});

test("text, device and speed grow with the pieces, by the clock of the device", () => {
  const events = [STARTED, token(0, 200, "a"), token(1, 230, "b"), token(2, 260, "c")];

  const asked = events.reduce((now, event) => heard(now, event, 1_500), begun("m", "", 1_000));

  expect([asked.text, asked.answeredBy, asked.requestId]).toEqual(["abc", "phone", "ask_1"]);
  expect(speedOf(asked).value).toBeCloseTo(2000 / 60);
  expect(phasesOf(asked, 1_700).map(({ id, ms }) => [id, ms])).toEqual([
    ["wait", 500],
    ["decode", 200],
  ]);
  expect(stateOf(asked)).toBe("phone answers");
});

test("figures and phases are those of the gateway when it is over", () => {
  const asked = heard(begun("m", "", 0), { event: "done", ...END }, 400);

  expect(speedOf(asked)).toEqual({ value: 25, isMeasured: true });
  // What is not known, or took no time, has no part of the bar.
  expect(phasesOf(asked, 9_999).map(({ id }) => id)).toEqual([
    "gateway",
    "prefill",
    "decode",
    "network",
    "finish",
  ]);
});

test("pieces at one instant have no speed", () => {
  const events = [token(0, 200, "a"), token(1, 200, "b"), token(2, 200, "c")];

  const asked = events.reduce((now, event) => heard(now, event, 0), begun("m", "", 0));

  expect(speedOf(asked).value).toBeNull();
});

test("what came stays when the call fails on its way", () => {
  const asked = heard(begun("m", "", 0), token(0, 1, "half"), 5);
  const error: AskEvent = {
    event: "error",
    status: 502,
    code: "device_error",
    detail: "it died",
    request_id: "ask_1",
  };

  expect(heard(asked, error, 9)).toMatchObject({ text: "half", endedAt: 9 });
  expect(stateOf(heard(asked, error, 9))).toBe("failed on the way");
  expect(closed(asked, 9).refusal?.code).toBe("stream_cut");
  expect(closed(heard(asked, error, 9), 10).refusal?.code).toBe("device_error");
});

test("waiting says how many are ahead, and stopping that it stops", () => {
  const asked = heard(begun("m", "", 0), { event: "queued", ahead: 2 }, 1);

  expect(stateOf(asked)).toBe("2 ahead in the queue");
  expect(stateOf({ ...asked, isStopping: true })).toBe("stopping");
  expect(stateOf(refused(asked, failure("queue_full", "full"), 2))).toBe("refused");
});
