// An instant written as text, read as the API reads it: what one shows, the other answers for.

const DAY_MS = 86_400_000;
const LATEST_MS = Date.UTC(9999, 0, 1);
const MOST_CHARACTERS = 64;

// An epoch number is told apart by its magnitude: its unit in milliseconds, up to which it is one.
const EPOCH_UNITS: [number, number][] = [
  [1e11, 1_000],
  [1e14, 1],
  [1e17, 1e-3],
  [Number.POSITIVE_INFINITY, 1e-6],
];
const DAY = String.raw`(?<year>\d{4})(?<dash>-?)(?<month>\d\d)\k<dash>(?<day>\d\d)`;
const CLOCK = String.raw`(?<hour>\d\d)(?:(?<colon>:?)(?<minute>\d\d)(?:\k<colon>(?<second>\d\d)(?:[.,](?<part>\d+))?)?)?`;
const ZONE = String.raw`(?<zone>Z|(?<sign>[+-])(?<hours>\d\d)(?::?(?<minutes>\d\d))?)?`;
const ISO = new RegExp(`^${DAY}(?:[Tt ]${CLOCK}${ZONE})?$`);

/**
 * Milliseconds since the epoch: ISO 8601, in UTC where no offset is given, or an epoch number in s,
 * ms, µs or ns. Eight digits are a date, fourteen a date and a time of day. Null where the API
 * would refuse it, as with an exponent, or with what is not between 1970 and 9999.
 */
export function instant(text: string): number | null {
  const ms = read(text.trim());
  return ms !== null && ms >= 0 && ms < LATEST_MS ? ms : null;
}

function read(text: string): number | null {
  if (text.length > MOST_CHARACTERS) return null;
  const stamp = /^(\d{8})(\d{6})$/.exec(text);
  if (stamp) return fromIso(`${stamp[1]}T${stamp[2]}`);
  if (/^[+-]?\d+(\.\d+)?$/.test(text) && !/^\d{8}$/.test(text)) return fromEpoch(Number(text));
  // The plus of an offset that was not encoded arrives as a space.
  return fromIso(/[Tt]/.test(text) ? text.replace(" ", "+") : text);
}

function fromEpoch(number: number): number {
  const [, unit] = EPOCH_UNITS.find(([limit]) => Math.abs(number) < limit) ?? [0, Number.NaN];
  return Math.floor(number * unit);
}

function fromIso(text: string): number | null {
  const found = ISO.exec(text)?.groups;
  if (!found) return null;
  const at = (name: string) => Number(found[name] ?? 0);
  const day = Date.UTC(at("year"), at("month") - 1, at("day"));
  // A day that its month does not have would be one of the next month.
  const isDay = new Date(day).getUTCDate() === at("day") && at("month") <= 12;
  if (at("year") < 1970) return null;
  if (!isDay || at("hour") > 23 || at("minute") > 59 || at("second") > 59) return null;
  if (at("hours") > 23 || at("minutes") > 59) return null;
  const clock = (at("hour") * 60 + at("minute")) * 60_000 + at("second") * 1_000;
  const part = Math.floor(Number(`0.${found.part ?? 0}`) * 1_000);
  const ahead = (at("hours") * 60 + at("minutes")) * 60_000 * (found.sign === "-" ? -1 : 1);
  return Math.abs(ahead) < DAY_MS ? day + clock + part - ahead : null;
}
