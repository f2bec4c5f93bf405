// Colour is identity: a name keeps its colour wherever it is shown.

export const COLORS = 10;
const given = new Map<string, number>();

/** A number of the palette for each name: by its digest, or the next one that is free. */
export function colorIndex(name: string): number {
  const known = given.get(name);
  if (known !== undefined) return known;
  const taken = new Set(given.values());
  let index = digest(name) % COLORS;
  for (let tried = 0; taken.has(index) && tried < COLORS; tried++) index = (index + 1) % COLORS;
  given.set(name, index);
  return index;
}

/** Forgets who has which colour, for another account. */
export function forgetColors(): void {
  given.clear();
}

function digest(text: string): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619);
  return hash >>> 0;
}
