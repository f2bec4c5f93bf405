// The stretches of a job's life, from what is known of it: waiting, attempts, the last repetition.

import type { JobDetailAnswer, ResultAnswer } from "../api_types";

export interface Stretch {
  kind: "waiting" | "failed" | "running" | "prefill" | "decode";
  name: string;
  from: number;
  to: number;
}

/** One upon another in time, from creation to the end, or to now. */
export function stretches(
  job: JobDetailAnswer,
  result: ResultAnswer | null,
  nowMs: number,
): Stretch[] {
  const found: Stretch[] = [];
  let at = Date.parse(job.created_at);
  // This machine's clock may be behind the server's.
  const end = job.finished_at ? Date.parse(job.finished_at) : Math.max(nowMs, latest(job));
  for (const attempt of job.attempts) {
    const from = Date.parse(attempt.started_at);
    const to = attempt.finished_at ? Date.parse(attempt.finished_at) : end;
    if (from > at) found.push({ kind: "waiting", name: "queued", from: at, to: from });
    const kind = attempt.failure ? "failed" : "running";
    const on = `attempt ${attempt.attempt} on ${attempt.device}`;
    found.push({ kind, name: attempt.failure ? `${on}: ${attempt.failure.code}` : on, from, to });
    at = to;
  }
  const waits = job.status === "queued" || job.attempts.length === 0;
  if (waits && end > at) found.push({ kind: "waiting", name: "queued", from: at, to: end });
  return result ? withLastRepetition(found, result) : found;
}

function latest(job: JobDetailAnswer): number {
  return Math.max(
    Date.parse(job.created_at),
    ...job.attempts.map((attempt) => Date.parse(attempt.started_at)),
  );
}

/**
 * The instant of the first token of the last repetition, reckoned back from the end; null where the
 * device measured more time than passed here, as its clock does not agree with ours then.
 */
export function firstToken(job: JobDetailAnswer, result: ResultAnswer | null): number | null {
  const decode = stretches(job, result, 0).find((each) => each.kind === "decode");
  return job.finished_at && decode ? decode.from : null;
}

function withLastRepetition(found: Stretch[], result: ResultAnswer): Stretch[] {
  const run = found.at(-1);
  const last = lastOf(result);
  if (run?.kind !== "running" || !last) return found;
  const began = run.to - last.latency;
  const token = began + last.ttft;
  if (began < run.from || token > run.to) return found;
  const before = { ...run, name: `${run.name}: before the last repetition`, to: began };
  return [
    ...found.slice(0, -1),
    ...(began > run.from ? [before] : []),
    { kind: "prefill", name: "to the first token", from: began, to: token },
    { kind: "decode", name: "first to last token", from: token, to: run.to },
  ];
}

function lastOf(result: ResultAnswer | null): { latency: number; ttft: number } | null {
  const last = result?.samples?.at(-1) ?? result?.metrics;
  const latency = last?.latency_ms;
  const ttft = last?.ttft_ms;
  return typeof latency === "number" && typeof ttft === "number" ? { latency, ttft } : null;
}
