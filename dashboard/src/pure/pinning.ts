// The address of a view that shows the same tomorrow: its window does not move.

import { formatRoute, type Route, withQuery } from "./route";

/**
 * The address with the window that a request of the view asked for; as it is where the request has none.
 */
export function pinned(route: Route, path: string): string {
  const asked = new URLSearchParams(path.split(/\?(.*)/s)[1]);
  const [from, to] = [asked.get("from"), asked.get("to")];
  const changes = from && to ? { from, to, range: null, was: null, live: null } : {};
  return formatRoute(route.path, withQuery(route, changes));
}
