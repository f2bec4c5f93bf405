// What "now" means to the views: it moves on refresh, and by itself while live.

import { useEffect, useState } from "preact/hooks";
import { signal, useSignal } from "./signal";

const LIVE_EVERY_MS = 5_000;

/** The instant that relative windows end at: one for all requests of a view, so that they agree. */
export const asOf = signal(Date.now());

export function refresh(): void {
  asOf.set(Date.now());
}

export const useAsOf = (): number => useSignal(asOf);

/** Moves `asOf` along while live and while somebody looks. */
export function useLive(live: boolean): void {
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => document.hidden || refresh(), LIVE_EVERY_MS);
    return () => clearInterval(timer);
  }, [live]);
}

/** The present, each second, for "12 s ago". */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
