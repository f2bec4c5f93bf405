// Numbers and times as people read them. Absent is a dash, never a zero.

export const ABSENT = "–";
export type Unit = "ms" | "tok/s" | "share" | "%" | "tokens" | "runs" | "" | (string & {});

/** How a value and its unit are written, apart, so that the unit can be set smaller. */
export interface Quantity {
  text: string;
  unit: string;
}

interface Step {
  from: number;
  divide: number;
  unit: string;
}

const MILLISECONDS: Step[] = [
  { from: 3_600_000, divide: 3_600_000, unit: "h" },
  { from: 60_000, divide: 60_000, unit: "min" },
  { from: 1_000, divide: 1_000, unit: "s" },
  { from: 0, divide: 1, unit: "ms" },
];
const COUNTS: Step[] = [
  { from: 1e9, divide: 1e9, unit: "G" },
  { from: 1e6, divide: 1e6, unit: "M" },
  { from: 1e5, divide: 1e3, unit: "k" },
  { from: 0, divide: 1, unit: "" },
];
const BYTES: Step[] = [
  { from: 2 ** 30, divide: 2 ** 30, unit: "GB" },
  { from: 2 ** 20, divide: 2 ** 20, unit: "MB" },
  { from: 2 ** 10, divide: 2 ** 10, unit: "KB" },
  { from: 0, divide: 1, unit: "B" },
];
const COUNTED = new Set(["runs", "tokens", "rows", ""]);

// Numbers of that many digits are read by their powers of ten.
const ASTRONOMIC = 1e15;

/** One scale for a whole axis, chosen by its greatest value. */
export function scaleFor(unit: Unit, greatest: number): Step {
  const size = Math.abs(greatest);
  const steps = stepsOf(unit);
  if (size >= ASTRONOMIC) return steps.at(-1) as Step;
  return steps.find((step) => size >= step.from) ?? (steps.at(-1) as Step);
}

function stepsOf(unit: Unit): Step[] {
  if (unit === "ms") return MILLISECONDS;
  if (unit === "bytes") return BYTES;
  if (COUNTED.has(unit)) return COUNTS;
  return [{ from: 0, divide: 1, unit }];
}

/** A value with a unit chosen by its magnitude; shares of 1 are shown in percent. */
export function quantity(value: number | null | undefined, unit: Unit): Quantity {
  if (value === null || value === undefined) return { text: ABSENT, unit: "" };
  if (unit === "share") return { text: digits(value * 100), unit: "%" };
  const step = scaleFor(unit, value);
  return { text: digits(value / step.divide), unit: step.unit };
}

/** The same in one string. */
export function shown(value: number | null | undefined, unit: Unit): string {
  const { text, unit: suffix } = quantity(value, unit);
  return text + glue(suffix) + suffix;
}

/** What stands between a number and its unit: nothing before `%` and multiples. */
export function glue(unit: string): string {
  return /^[kMG%]?$/.test(unit) ? "" : " ";
}

/** Three significant digits, whole numbers whole, thousands apart. */
export function digits(value: number): string {
  const size = Math.abs(value);
  const decimals =
    size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
  if (size >= ASTRONOMIC || (size > 0 && size < 0.001)) return powered(value);
  return grouped(value, decimals);
}

function powered(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  return value.toExponential(1).replace("-", value < 0 ? "−" : "-");
}

function grouped(value: number, decimals: number): string {
  const sign = value < 0 ? "−" : "";
  const [whole = "0", rest] = Math.abs(value).toFixed(decimals).split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return sign + (rest ? `${apart}.${rest}` : apart);
}

/** Every digit there is, for titles and tables of data. */
export function exact(value: number | null | undefined): string {
  return value === null || value === undefined ? ABSENT : String(value);
}

/** A change in percent with its sign; null where there was nothing, or 0, before. */
export function changePct(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null;
  return ((now - before) / Math.abs(before)) * 100;
}

/** `+3.2%`; a change below a twentieth of a percent is none. */
export function signedPct(pct: number | null): string {
  if (pct === null) return ABSENT;
  if (Math.abs(pct) < 0.05) return "0%";
  const change = Math.abs(pct);
  const size = change >= ASTRONOMIC ? powered(change) : grouped(change, change >= 100 ? 0 : 1);
  return `${pct > 0 ? "+" : "−"}${size}%`;
}

/** A change as people say it: `+34.2%`, and `12×` where percent would be silly. */
export function changeShown(pct: number): string {
  return pct >= 900 ? `${digits(Math.round(pct / 10) / 10 + 1)}×` : signedPct(pct);
}

/** The unit that a label carries in its last parentheses: `GPU power (W)` → `W`. */
export function unitIn(label: string): string {
  return /\(([^()]{1,12})\)\s*$/.exec(label)?.[1] ?? "";
}

/** "12 s ago"; times of the future are "now", as clocks differ. */
export function ago(iso: string | null | undefined, nowMs: number): string {
  if (!iso) return ABSENT;
  const s = Math.max(0, (nowMs - Date.parse(iso)) / 1000);
  if (s < 2) return "now";
  if (s < 90) return `${Math.round(s)} s ago`;
  if (s < 5400) return `${Math.round(s / 60)} min ago`;
  if (s < 129_600) return `${Math.round(s / 3600)} h ago`;
  return `${Math.round(s / 86_400)} d ago`;
}

/** How long before or after something: `+3.61 s`, `−20 ms`. */
export function offset(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${duration(Math.abs(ms))}`;
}

/** A length of time: 850 ms, 12.4 s, 3 min 20 s, 2 h 5 min. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return ABSENT;
  if (ms < 60_000) return shown(ms, "ms");
  const s = Math.round(ms / 1000);
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** `1 run`, `1,234 runs`. */
export function amount(count: number, one: string): string {
  return `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`;
}
