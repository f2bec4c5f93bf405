// The time range: `24h`, `30d`, or from and to; and the length of a bucket that suits it.

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

/** The window that a range, or from and to, mean now; null is all of time. */
export function resolve(
  asked: { range: string | null; from: string | null; to: string | null },
  fallback: string,
  nowMs: number,
): TimeWindow | null {
  const from = instant(asked.from);
  const to = instant(asked.to);
  if (from !== null && to !== null && from < to) return { from, to };
  const range = asked.range ?? fallback;
  if (range === "all") return null;
  const length = rangeMs(range) ?? rangeMs(fallback);
  return length === null ? null : { from: nowMs - length, to: nowMs };
}

function instant(text: string | null): number | null {
  if (!text) return null;
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
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

/** As the API takes it. */
export function query(window: TimeWindow | null): [string, string][] {
  if (!window) return [];
  return [
    ["from", new Date(window.from).toISOString()],
    ["to", new Date(window.to).toISOString()],
  ];
}
