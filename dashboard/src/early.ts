// What the first view is going to ask first, asked while the page itself is still on its way.

import { askAhead } from "./api";
import { asOf } from "./clock";
import { groupingIn, pathsOf, RANGE } from "./pages/overview/paths";
import { currentRoute } from "./router";
import { session } from "./session";
import { viewOf } from "./view";

/**
 * The figures only: what comes after them would take their time where a server has few processors,
 * and is asked a moment later anyway.
 */
export function askEarly(): void {
  const route = currentRoute();
  if (!session.get().token || route.path.join("/") !== "overview") return;
  const paths = pathsOf(viewOf(route, asOf.get(), RANGE), groupingIn(route.query));
  askAhead(paths.summary);
}
