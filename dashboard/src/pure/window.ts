// The time range: `24h`, `30d`, or from and to; and the length of a bucket that suits it.

import { instant } from "./instant";

export const RANGES = ["15m", "1h", "6h", "24h", "7d", "30d", "90d", "1y"] as const;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, y: 365 * 86_400_000 };

/** Half-open, in milliseconds since the epoch. */
export interface TimeWindow {
  from: number;
  to: number;
}

/** The length of a relative range; null for anything else. */
export function rangeMs(range: string): number | null {
  const found = /^(\d{1,4})([mhdy])$/.exec(range);
  if (!found) return null;
  return Number(found[1]) * UNIT_MS[found[2] as keyof typeof UNIT_MS] || null;
}

interface Asked {
  range: string | null;
  from: string | null;
  to: string | null;
}
export interface Resolved {
  /** Null is all of time. */
  window: TimeWindow | null;
  /** The range that it is; null where it is from one instant to another. */
  range: string | null;
  /** Whether the address asks for a time that cannot be read, so that this is the usual one. */
  isOdd: boolean;
}

/** What a range, or from and to, mean now. `from` alone reaches to now. */
export function resolve(asked: Asked, fallback: string, nowMs: number): Resolved {
  const isBetween = asked.from !== null || asked.to !== null;
  const window = isBetween ? between(asked, nowMs) : null;
  if (window) return { window, range: null, isOdd: false };
  // Where all of time would be too much, it is not offered, but other pages hand it on.
  const range = asked.range === "all" ? fallback : (asked.range ?? fallback);
  if (range === "all") return { window: null, range, isOdd: isBetween };
  const length = rangeMs(range);
  if (length === null) return { ...resolve(NOTHING, fallback, nowMs), isOdd: true };
  // Time begins in 1970: a longer range holds everything.
  return { window: { from: Math.max(0, nowMs - length), to: nowMs }, range, isOdd: isBetween };
}

const NOTHING: Asked = { range: null, from: null, to: null };

function between({ from, to }: Asked, nowMs: number): TimeWindow | null {
  const start = from === null ? null : instant(from);
  const end = to === null ? nowMs : instant(to);
  return start !== null && end !== null && start < end ? { from: start, to: end } : null;
}

/** The window of the same length just before. */
export function previous(window: TimeWindow): TimeWindow {
  return { from: window.from - (window.to - window.from), to: window.from };
}

const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800, 1_209_600, 2_592_000,
];

/** The shortest round length in seconds of which the window has at most `most`. */
export function bucketSeconds(window: TimeWindow, most = 60): number {
  const wanted = (window.to - window.from) / 1000 / most;
  return STEPS_S.find((step) => step >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400;
}

const LONGEST_BUCKET_S = 366 * 86_400;

/**
 * As few buckets as can be, for what is not about time: one, or what the server makes of a window
 * that is longer than a bucket may be.
 */
export function wholeBucket(window: TimeWindow | null): string {
  const isLong = window !== null && window.to - window.from > LONGEST_BUCKET_S * 1_000;
  return isLong ? "auto" : String(LONGEST_BUCKET_S);
}

/** As the API takes it. */
export function query(window: TimeWindow | null): [string, string][] {
  if (!window) return [];
  return [
    ["from", new Date(window.from).toISOString()],
    ["to", new Date(window.to).toISOString()],
  ];
}
