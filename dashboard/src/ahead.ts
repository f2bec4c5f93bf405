// The beginning, which stands in the page itself: sets the colours, asks what the view is going to
// ask first, and fetches the script of the other pages where it is one of them, all while the script
// that draws is still on its way; then the one that draws charts. The policy of the page names it by its digest.

import { firstQuestion } from "./pure/first_question";
import { parseRoute } from "./pure/route";
import { asSent, TOKEN_KEY } from "./pure/sending";
import { shade, THEME_KEY } from "./pure/shade";

export interface Ahead {
  /** The instant that the view is of. */
  at: number;
  token: string;
  path: string | null;
  answer: Promise<Response> | null;
}

declare global {
  // Addresses of scripts, which the build says: of all pages but the first, and of what draws charts.
  const OTHER_PAGES: string;
  const CHARTS: string;
  interface Window {
    ahead?: Ahead;
  }
}

const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.theme = shade(localStorage.getItem(THEME_KEY), isDark);

const token = sessionStorage.getItem(TOKEN_KEY);
if (token) {
  const route = parseRoute(location.hash);
  const at = Date.now();
  const path = firstQuestion(route, at);
  const answer = path === null ? null : fetch(path, asSent("GET", token));
  // The view says what went wrong, if it asks.
  answer?.catch(() => undefined);
  window.ahead = { at, token, path, answer };
  if (route.path[0] !== "overview") fetchSoon(OTHER_PAGES);
}

// On a slow network it would share the way with what the figures need.
addEventListener("load", () => fetchSoon(CHARTS));

function fetchSoon(href: string): void {
  const link = document.createElement("link");
  Object.assign(link, { rel: "modulepreload", crossOrigin: "", href });
  document.head.append(link);
}
