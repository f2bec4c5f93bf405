// The address as state: reading it, changing it, following it.

import { refresh } from "./clock";
import { formatRoute, parseRoute, type Route, withQuery } from "./pure/route";
import { signal, useSignal } from "./signal";

const route = signal<Route>(parseRoute(location.hash));
addEventListener("hashchange", () => {
  // Whoever goes somewhere asks how it is now.
  refresh();
  route.set(parseRoute(location.hash));
});

export const useRoute = (): Route => useSignal(route);
export const currentRoute = (): Route => route.get();

/** Goes to an address; `replace` leaves no step for the back button. */
export function go(href: string, replace = false): void {
  if (!replace) {
    location.hash = href;
    return;
  }
  history.replaceState(null, "", href);
  route.set(parseRoute(location.hash));
}

/** Changes some parameters of this view. */
export function change(changes: Record<string, string | string[] | null>, replace = false): void {
  go(formatRoute(route.get().path, withQuery(route.get(), changes)), replace);
}
