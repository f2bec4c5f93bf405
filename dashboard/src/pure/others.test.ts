import { expect, test } from "vitest";
import type { JobDetailAnswer, ResultAnswer } from "../api_types";
import { bodyOf as adapterBody, extraFor, newAdapter, suggestions, wordsOf } from "./adapter";
import { COLORS, colorIndex, forgetColors } from "./colors";
import { curlOf } from "./curl";
import { histogram } from "./histogram";
import { BLANK, bodyOf, formOf } from "./job_form";
import { firstToken, stretches } from "./timeline";

test("curl names the token by a variable and survives quotes", () => {
  expect(curlOf("http://h", "/usage?tag=it's")).toBe(
    `curl -s 'http://h/usage?tag=it'\\''s' -H "X-User-Token: $EVALYARD_TOKEN"`,
  );
  expect(curlOf("http://h", "/x", { method: "POST", json: { a: 1 } })).toContain(
    `-X POST 'http://h/x'`,
  );
});

test("a name keeps its colour, and names share none while there are enough", () => {
  forgetColors();
  const names = Array.from({ length: COLORS }, (_, at) => `model-${at}`);
  const first = names.map(colorIndex);

  expect(new Set(first).size).toBe(COLORS);
  expect(names.map(colorIndex)).toEqual(first);
});

test("shares of a histogram add up to one on each side", () => {
  const bins = histogram([1, 2, 3, 1000], [2, 2]);
  const sum = (shares: number[] = []) => shares.reduce((all, share) => all + share, 0);

  expect(sum(bins?.a)).toBeCloseTo(1);
  expect(sum(bins?.b)).toBeCloseTo(1);
  expect(histogram([], [])).toBeNull();
  expect(histogram([5, 5], [])?.a[0]).toBe(1);
});

const JOB = {
  prompt: "p",
  model: "m",
  system: null,
  options: { num_predict: 32, stop: ["x"] },
  queue_tag: "short",
  priority: 3,
  device_serial: null,
  repeat: 2,
  warmup: 1,
  max_attempts: 3,
  timeout_s: 600,
  tag: "t",
  adapter_id: null,
  callback_url: null,
  status: "succeeded",
  created_at: "2026-11-23T12:00:00.000Z",
  finished_at: "2026-11-23T12:00:10.000Z",
  attempts: [
    {
      attempt: 1,
      device: "d",
      started_at: "2026-11-23T12:00:02.000Z",
      finished_at: "2026-11-23T12:00:03.000Z",
      failure: { code: "timeout" },
    },
    {
      attempt: 2,
      device: "d",
      started_at: "2026-11-23T12:00:04.000Z",
      finished_at: "2026-11-23T12:00:10.000Z",
      failure: null,
    },
  ],
} as unknown as JobDetailAnswer;
const RESULT = {
  metrics: {},
  samples: [{ latency_ms: 1 }, { latency_ms: 4000, ttft_ms: 1000 }],
} as unknown as ResultAnswer;

test("a clone asks for what its job asked for, options that the form does not show included", () => {
  expect(bodyOf(formOf(JOB), JOB.options)).toEqual({
    prompt: "p",
    model: "m",
    queue_tag: "short",
    priority: 3,
    repeat: 2,
    warmup: 1,
    max_attempts: 3,
    timeout_s: 600,
    tag: "t",
    options: { num_predict: 32, stop: ["x"] },
  });
});

test("what is left empty is left out", () => {
  expect(bodyOf({ ...BLANK, prompt: "p", model: "m", num_predict: "" })).not.toHaveProperty("tag");
  expect(bodyOf({ ...BLANK, num_predict: "" }, { num_predict: 5 }).options).toEqual({});
});

test("stretches of a job touch from its creation to its end", () => {
  const found = stretches(JOB, RESULT, 0);

  expect(found.map((each) => [each.kind, each.to - each.from])).toEqual([
    ["waiting", 2000],
    ["failed", 1000],
    ["waiting", 1000],
    ["running", 2000],
    ["prefill", 1000],
    ["decode", 3000],
  ]);
  for (const [at, each] of found.slice(1).entries()) expect(each.from).toBe(found[at]?.to);
});

test("the first token is reckoned back from the end by the last repetition", () => {
  expect(firstToken(JOB, RESULT)).toBe(Date.parse("2026-11-23T12:00:07.000Z"));
  expect(firstToken(JOB, null)).toBeNull();
});

test("a first token that would come before its attempt, or after the end, is not known", () => {
  const slow = { metrics: { latency_ms: 9610, ttft_ms: 500 } } as unknown as ResultAnswer;
  const late = { metrics: { latency_ms: 100, ttft_ms: 500 } } as unknown as ResultAnswer;

  expect(firstToken(JOB, slow)).toBeNull();
  expect(firstToken(JOB, late)).toBeNull();
  expect(stretches(JOB, slow, 0)).toEqual(stretches(JOB, null, 0));
});

test("a job that waits has waited until now", () => {
  const job = { ...JOB, status: "queued", finished_at: null, attempts: [] } as JobDetailAnswer;
  const now = Date.parse("2026-11-23T12:00:05.000Z");

  expect(stretches(job, null, now)).toEqual([
    { kind: "waiting", name: "queued", from: now - 5000, to: now },
  ]);
});

test("number fields that no field names are suggested, with their unit", () => {
  const rows = [{ ts: 1, latency_ms: 2, gpu_power_w: 3, note: "x", _meta_n: 1 }, { fan_rpm: 4 }];

  expect(suggestions(rows, newAdapter("d"))).toEqual(["gpu_power_w", "fan_rpm"]);
  expect(extraFor("gpu_power_w")).toMatchObject({
    label: "Gpu power (W)",
    unit: "W",
    field: "gpu_power_w",
  });
  expect(extraFor("fan")).toMatchObject({ label: "Fan", unit: null });
});

test("words are read from a list while it is typed", () => {
  expect(wordsOf("done, stopped by length,, done,")).toEqual(["done", "stopped by length"]);
  expect(wordsOf(" , ")).toBeNull();
});

test("only members of an adapter are sent back", () => {
  const saved = { ...newAdapter("d"), version: 3, updated_at: "x", backfill: null };

  expect(adapterBody(saved)).toEqual(newAdapter("d"));
});
