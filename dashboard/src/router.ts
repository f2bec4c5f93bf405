// The address as state: reading it, changing it, following it.

import { refresh } from "./clock";
import { randomId } from "./pure/ids";
import { formatRoute, parseRoute, type Route, withQuery } from "./pure/route";
import { signal, useSignal } from "./signal";

const route = signal<Route>(parseRoute(location.hash));
// How far down one was at each entry of the history. The browser itself would scroll before the page of
// an entry is there.
const places = new Map<string, number>();
let entry = entryNow();
history.scrollRestoration = "manual";
addEventListener("hashchange", () => {
  places.set(entry, scrollY);
  entry = entryNow();
  // Whoever goes somewhere asks how it is now.
  refresh();
  route.set(parseRoute(location.hash));
});

export const useRoute = (): Route => useSignal(route);
export const currentRoute = (): Route => route.get();

/** How far down one was here before: the top, unless one came by back or forward. */
export const placeHere = (): number => places.get(entry) ?? 0;

/** A name for the present entry, which it has for good. */
function entryNow(): string {
  const known: unknown = history.state?.entry;
  if (typeof known === "string") return known;
  const made = randomId();
  history.replaceState({ entry: made }, "");
  return made;
}

/** Goes to an address; `replace` leaves no step for the back button. */
export function go(href: string, replace = false): void {
  if (!replace) {
    location.hash = href;
    return;
  }
  history.replaceState(history.state, "", href);
  route.set(parseRoute(location.hash));
}

/** Changes some parameters of this view. */
export function change(changes: Record<string, string | string[] | null>, replace = false): void {
  go(formatRoute(route.get().path, withQuery(route.get(), changes)), replace);
}
