// Which questions are on their way: what asks again by itself waits for their answers. Where these take
// longer than the time between two, each would be given up for the next, and none would ever come.

// What has not come after so long may never come, as when a network went away.
const PATIENCE_MS = 60_000;
const begun = new Map<symbol, number>();

/** The same answer; until it is there, it is on its way. */
export async function tracked<T>(answer: Promise<T>): Promise<T> {
  const id = Symbol("question");
  begun.set(id, Date.now());
  try {
    return await answer;
  } finally {
    begun.delete(id);
  }
}

/** Whether any that was asked lately is on its way. */
export function isAsking(): boolean {
  return [...begun.values()].some((at) => Date.now() - at < PATIENCE_MS);
}
