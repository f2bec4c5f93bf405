// Conditions of runs in the address and in questions: `cond=quant=Q4_K_M` asks `cond.quant=Q4_K_M`.

/** What a condition may be. */
export type Value = string | number | boolean | null;
export type Key = Record<string, Value>;

// Words of the page that a value may be, too.
const OWN_WORDS = /^(?:|\(none\)|[\d,]+ others?)$/;

/** A value as people read it: in quotation marks where it reads like a word of the page. */
export function valueNamed(value: Value | undefined): string {
  if (value === null || value === undefined) return "(none)";
  const text = String(value);
  return OWN_WORDS.test(text) ? `"${text}"` : text;
}

/** The name of the filter by all of them. */
export const CONDITION = "cond";
const PREFIX = `${CONDITION}.`;
const NAMED = /^([a-z][a-z0-9_]{0,39})=(.*)$/s;

/** A filter of the address as a parameter of the API; nothing for one that cannot be read. */
export function asked(name: string, value: string, prefix = ""): [string, string][] {
  if (name !== CONDITION) return [[prefix + name, value]];
  const [, condition, wanted] = NAMED.exec(value) ?? [];
  return condition === undefined ? [] : [[prefix + PREFIX + condition, wanted ?? ""]];
}

/** What a click on a value of a dimension filters by, in the address. */
export function filterOf(dimension: string, value: Value): [string, string] {
  const name = conditionOf(dimension);
  return name === null ? [dimension, String(value)] : [CONDITION, `${name}=${String(value)}`];
}

/** `quant` of `cond.quant`; null for what is no condition. */
export function conditionOf(dimension: string): string | null {
  return dimension.startsWith(PREFIX) ? dimension.slice(PREFIX.length) : null;
}

/** How a dimension is called where people read it. */
export function spoken(dimension: string): string {
  return (conditionOf(dimension) ?? dimension).replaceAll("_", " ");
}

interface Conditioned {
  conditions: Record<string, string | number | boolean>;
}

/** `name=value` of all of them, the commonest first, and how often each is there. */
export function counted(runs: Conditioned[]): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { conditions } of runs)
    for (const [name, value] of Object.entries(conditions)) {
      const text = `${name}=${String(value)}`;
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

/** The names that runs have, in order. */
export function namesIn(runs: Conditioned[]): string[] {
  return [...new Set(runs.flatMap(({ conditions }) => Object.keys(conditions)))].sort();
}
