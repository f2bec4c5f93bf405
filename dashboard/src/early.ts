// What the first view is going to ask, asked while the page itself is still on its way.

import { askAhead } from "./api";
import { asOf } from "./clock";
import { groupingIn, pathsOf, RANGE } from "./pages/overview/paths";
import { currentRoute } from "./router";
import { session } from "./session";
import { viewOf } from "./view";

/** The figures first: what comes later waits for connections. */
export function askEarly(): void {
  const route = currentRoute();
  if (!session.get().token || route.path.join("/") !== "overview") return;
  const paths = pathsOf(viewOf(route, asOf.get(), RANGE), groupingIn(route.query));
  for (const path of [paths.summary, paths.overall, paths.charted]) askAhead(path);
}
