// Which entries of a list are chosen: none until a person chooses.

export type Chosen = ReadonlySet<string>;
export const NONE: Chosen = new Set();

/** With this one chosen too, or no longer. */
export function toggled(chosen: Chosen, id: string): Chosen {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** All that are listed; none where one or more of them are chosen already. */
export function toggledAll(chosen: Chosen, listed: string[]): Chosen {
  return listed.some((id) => chosen.has(id)) ? NONE : new Set(listed);
}

/** The entries whose text has all words that are sought, whatever the case. */
export function sought<T>(entries: T[], text: string, textOf: (entry: T) => string): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  return entries.filter((entry) => {
    const said = textOf(entry).toLowerCase();
    return words.every((word) => said.includes(word));
  });
}
