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
