// What was typed and is not sent yet: it outlives its page and a token, not its author or the tab.

import { useState } from "preact/hooks";
import { session } from "../session";

const drafts = new Map<string, unknown>();
let author: string | null = null;
session.subscribe(({ left }) => left === "signed_out" && drafts.clear());

/** Says who is signed in; drafts of somebody else are forgotten. */
export function writeAs(userId: string): void {
  if (author !== null && author !== userId) drafts.clear();
  author = userId;
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
