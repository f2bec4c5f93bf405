// What was typed and is not sent yet: it outlives its page and a token, not its author or the tab.

import { useState } from "preact/hooks";
import { session } from "../session";

const drafts = new Map<string, unknown>();
let author: string | null = null;
const others: (() => void)[] = [];
session.subscribe(({ left }) => left === "signed_out" && forget());

/** Says who is signed in; drafts of somebody else are forgotten. */
export function writeAs(userId: string): void {
  if (author !== null && author !== userId) forget();
  author = userId;
}

/** What else is its author's, and how to forget it. */
export function alsoForget(forgetting: () => void): void {
  others.push(forgetting);
}

function forget(): void {
  drafts.clear();
  for (const forgetting of others) forgetting();
}

/** A state by name; set back to `initial` it is no draft any more. */
export function useDraft<T>(name: string, initial: T): [T, (next: T) => void] {
  const [value, setValue] = useState<T>(() =>
    drafts.has(name) ? (drafts.get(name) as T) : initial,
  );
  const write = (next: T) => {
    if (next === initial) drafts.delete(name);
    else drafts.set(name, next);
    setValue(next);
  };
  return [value, write];
}
