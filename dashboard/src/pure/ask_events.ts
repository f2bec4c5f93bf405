// The lines of a streamed call as events; no I/O.

import type { AskEnd } from "../api_types";

/** What the gateway says while it answers, one object a line. */
export type AskEvent =
  | { event: "queued"; ahead: number }
  | { event: "started"; request_id: string; device: string }
  | { event: "token"; i: number; t_ms: number; text: string }
  | { event: "usage" }
  | ({ event: "done" } & AskEnd)
  | { event: "error"; status: number; code: string; detail: string; request_id: string };

/** Cuts pieces of a stream into events, wherever the pieces end. */
export function eventReader(): (piece: string) => AskEvent[] {
  let rest = "";
  return (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    return lines.filter((line) => line.trim()).map((line) => JSON.parse(line) as AskEvent);
  };
}
