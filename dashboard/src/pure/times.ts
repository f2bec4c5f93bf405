// Instants as text, in UTC or in the reader's zone.

export type Zone = "utc" | "local";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
}

export function partsOf(ms: number, zone: Zone): Parts {
  const date = new Date(ms);
  return zone === "utc"
    ? {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth(),
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        second: date.getUTCSeconds(),
        ms: date.getUTCMilliseconds(),
      }
    : {
        year: date.getFullYear(),
        month: date.getMonth(),
        day: date.getDate(),
        hour: date.getHours(),
        minute: date.getMinutes(),
        second: date.getSeconds(),
        ms: date.getMilliseconds(),
      };
}

const two = (value: number) => String(value).padStart(2, "0");

/** `2026-11-23 14:05:09`. */
export function stamp(ms: number, zone: Zone): string {
  const at = partsOf(ms, zone);
  const day = `${at.year}-${two(at.month + 1)}-${two(at.day)}`;
  return `${day} ${two(at.hour)}:${two(at.minute)}:${two(at.second)}`;
}

/** `23 Nov 14:05`, with seconds and the year when they matter. */
export function brief(ms: number, zone: Zone, seconds = false, year = false): string {
  const at = partsOf(ms, zone);
  const clock = `${two(at.hour)}:${two(at.minute)}${seconds ? `:${two(at.second)}` : ""}`;
  return `${at.day} ${MONTHS[at.month]}${year ? ` ${at.year}` : ""} ${clock}`;
}

const TWO_MINUTES_MS = 120_000;

/** `1 Nov 00:00 – 2 Nov 00:00`, as exactly as its length needs. */
export function spanned(from: number, to: number, nowMs: number, zone: Zone): string {
  const years = new Set([from, to, nowMs].map((ms) => partsOf(ms, zone).year));
  const seconds = to - from < TWO_MINUTES_MS;
  return [from, to].map((ms) => brief(ms, zone, seconds, years.size > 1)).join(" – ");
}

/** Labels of a time axis: the clock, and the date where the day changes. */
export function axisLabels(seconds: number[], stepS: number, zone: Zone): string[] {
  let lastDay = "";
  const isLong = (seconds.at(-1) ?? 0) - (seconds[0] ?? 0) > 86_400 * 300;
  return seconds.map((s) => {
    const at = partsOf(s * 1000, zone);
    const day = `${at.day} ${MONTHS[at.month]}`;
    const isNew = day !== lastDay;
    lastDay = day;
    if (stepS >= 86_400) return isLong ? `${day} ${at.year}` : day;
    const clock = `${two(at.hour)}:${two(at.minute)}${stepS < 60 ? `:${two(at.second)}` : ""}`;
    return isNew ? `${clock}\n${day}` : clock;
  });
}

/** What a `datetime-local` field holds, and back. */
export function toField(ms: number, zone: Zone): string {
  return stamp(ms, zone).slice(0, 16).replace(" ", "T");
}

export function fromField(text: string, zone: Zone): number | null {
  const ms = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms;
}

/** The IANA zone that the API shall cut days by. */
export function ianaZone(zone: Zone): string {
  return zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
