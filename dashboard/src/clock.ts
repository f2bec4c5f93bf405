// What "now" means to the views: it moves on refresh, and by itself while live.

import { useEffect } from "preact/hooks";
import { isAsking } from "./asking";
import { signal, useSignal } from "./signal";

const LIVE_EVERY_MS = 5_000;

/** The instant that relative windows end at: one for all requests of a view, so that they agree. */
export const asOf = signal(window.ahead?.at ?? Date.now());

export function refresh(): void {
  asOf.set(Date.now());
}

export const useAsOf = (): number => useSignal(asOf);

/** Moves `asOf` along while live. */
export function useLive(live: boolean): void {
  useEvery(live ? LIVE_EVERY_MS : null, refresh);
}

/** Does it from time to time, while one looks and nothing that was asked is still on its way. */
export function useEvery(everyMs: number | null, again: () => void): void {
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => document.hidden || isAsking() || again(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

const present = signal(Date.now());
setInterval(() => document.hidden || present.set(Date.now()), 1_000);

/** The present, each second, for "12 s ago"; one clock for all of the page. */
export const useNow = (): number => useSignal(present);
