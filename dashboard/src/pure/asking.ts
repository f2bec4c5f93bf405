// One call of the playground from the press of the button to its end; no I/O, no clock.

import type { AskEnd, Phases } from "../api_types";
import type { AskEvent } from "./ask_events";
import { failure, type Refusal } from "./refusals";

export interface Asked {
  /** Where it went; "" is any device. */
  model: string;
  device: string;
  /** This page's clock, in ms. */
  beganAt: number;
  firstAt: number | null;
  endedAt: number | null;
  requestId: string | null;
  answeredBy: string | null;
  ahead: number | null;
  text: string;
  pieces: number;
  /** The device's clock at the first and the latest piece, in ms since its start. */
  firstMs: number | null;
  latestMs: number | null;
  isStopping: boolean;
  end: AskEnd | null;
  refusal: Refusal | null;
}

export function begun(model: string, device: string, at: number): Asked {
  return {
    model,
    device,
    beganAt: at,
    firstAt: null,
    endedAt: null,
    requestId: null,
    answeredBy: null,
    ahead: null,
    text: "",
    pieces: 0,
    firstMs: null,
    latestMs: null,
    isStopping: false,
    end: null,
    refusal: null,
  };
}

export const isOver = (asked: Asked): boolean => asked.endedAt !== null;

/** The call after one more event, which came at `at`. */
export function heard(asked: Asked, event: AskEvent, at: number): Asked {
  switch (event.event) {
    case "queued":
      return { ...asked, ahead: event.ahead };
    case "started":
      return { ...asked, requestId: event.request_id, answeredBy: event.device };
    case "token":
      return {
        ...asked,
        firstAt: asked.firstAt ?? at,
        text: asked.text + event.text,
        pieces: asked.pieces + 1,
        firstMs: asked.firstMs ?? event.t_ms,
        latestMs: event.t_ms,
      };
    case "usage":
      return asked;
    case "done":
      return { ...asked, end: event, answeredBy: event.device, endedAt: at };
    case "error": {
      const { code, detail, status } = event;
      return refused(
        asked,
        { ...failure(code, detail, status), requestId: event.request_id ?? asked.requestId },
        at,
      );
    }
  }
}

export function refused(asked: Asked, refusal: Refusal, at: number): Asked {
  return { ...asked, refusal, endedAt: at };
}

/** After the last event: a stream that ends before its end failed. */
export function closed(asked: Asked, at: number): Asked {
  if (isOver(asked)) return asked;
  return refused(asked, failure("stream_cut", "The answer ended before its end."), at);
}

/**
 * Tokens per second: as the device measured when it is over, until then by the pieces that came,
 * each about a token.
 */
export function speedOf(asked: Asked): { value: number | null; isMeasured: boolean } {
  if (asked.end) return { value: asked.end.metrics.tok_s, isMeasured: true };
  const { pieces, firstMs, latestMs } = asked;
  if (firstMs === null || latestMs === null || pieces < 3 || latestMs <= firstMs)
    return { value: null, isMeasured: false };
  return { value: ((pieces - 1) * 1000) / (latestMs - firstMs), isMeasured: false };
}

export interface Phase {
  id: "gateway" | "queue" | "load" | "prefill" | "decode" | "network" | "finish" | "wait";
  name: string;
  ms: number;
}

const PHASES: [Exclude<Phase["id"], "wait">, string][] = [
  ["gateway", "Gateway"],
  ["queue", "Queue"],
  ["load", "Load"],
  ["prefill", "Prefill"],
  ["decode", "Decode"],
  ["network", "Network"],
  ["finish", "Storing"],
];

/**
 * Where the time went, in the order of the call. Until it is over only two are known from here: the
 * wait for the first text, and the writing since then.
 */
export function phasesOf(asked: Asked, now: number): Phase[] {
  if (asked.end) return measured(asked.end.phases);
  const until = asked.endedAt ?? now;
  const wait = (asked.firstAt ?? until) - asked.beganAt;
  const decode = asked.firstAt === null ? 0 : until - asked.firstAt;
  const phases: Phase[] = [
    { id: "wait", name: "Until the first text", ms: wait },
    { id: "decode", name: "Decode", ms: decode },
  ];
  return phases.filter(({ ms }) => ms > 0);
}

function measured(phases: Phases): Phase[] {
  return PHASES.map(([id, name]) => ({ id, name, ms: phases[`${id}_ms`] ?? 0 })).filter(
    ({ ms }) => ms > 0,
  );
}

/** What is going on, in a few words. */
export function stateOf(asked: Asked): string {
  if (asked.refusal) return asked.text ? "failed on the way" : "refused";
  if (asked.end) return asked.end.finish_reason === "cancelled" ? "stopped" : "done";
  if (asked.isStopping) return "stopping";
  if (asked.firstAt !== null) return `${asked.answeredBy ?? "a device"} answers`;
  if (asked.ahead) return `${asked.ahead} ahead in the queue`;
  return "waits for the first text";
}
