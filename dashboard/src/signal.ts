// A value that components watch.

import { useEffect, useState } from "preact/hooks";

export interface Signal<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: (value: T) => void): () => void;
}

export function signal<T>(initial: T): Signal<T> {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of [...listeners]) listener(next);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useSignal<T>(watched: Signal<T>): T {
  const [value, setValue] = useState(watched.get());
  useEffect(() => {
    setValue(() => watched.get());
    return watched.subscribe((next) => setValue(() => next));
  }, [watched]);
  return value;
}
