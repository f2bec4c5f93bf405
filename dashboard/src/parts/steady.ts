// A list that follows the server without moving under the reader: what is new waits to be asked for.

import { useEffect, useState } from "preact/hooks";

export interface Steady<T> {
  rows: T[];
  /** How many new entries wait. */
  waiting: number;
  show: () => void;
}

/** `view` names the question; another one starts over. */
export function useSteady<T>(
  fresh: T[] | null,
  idOf: (entry: T) => string,
  view: string,
): Steady<T> {
  const [kept, setKept] = useState<{ view: string; rows: T[] }>({ view: "", rows: [] });
  useEffect(() => {
    if (!fresh) return;
    const now = new Map(fresh.map((each) => [idOf(each), each]));
    setKept((before) =>
      before.view === view && before.rows.length
        ? { view, rows: before.rows.map((row) => now.get(idOf(row)) ?? row) }
        : { view, rows: fresh },
    );
  }, [fresh, view]);
  const rows = kept.view === view ? kept.rows : (fresh ?? []);
  const known = new Set(rows.map(idOf));
  const waiting = (fresh ?? []).filter((each) => !known.has(idOf(each))).length;
  return { rows, waiting, show: () => fresh && setKept({ view, rows: fresh }) };
}
