// The address of a view: `#/jobs/job_1?range=24h&model=a`. All state of the page is in it, and the
// part behind # never leaves the browser.

import { keysOf, USAGE_FILTERS } from "../filters";
import { asked, CONDITION } from "./conditions";
import type { Zone } from "./times";

export interface Route {
  /** `["jobs", "job_1"]`; the overview is `["overview"]`. */
  path: string[];
  query: URLSearchParams;
}

export const FILTERS: readonly string[] = [...keysOf(USAGE_FILTERS), CONDITION];
/** What stays when one goes to another page. */
export const SHARED = ["range", "from", "to", "was", "tz", "live", ...FILTERS];

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { path: parts.length ? parts : ["overview"], query: new URLSearchParams(query) };
}

export function formatRoute(path: string[], query: URLSearchParams): string {
  const text = query.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** The address of another page with what the pages share. */
export function linkTo(path: string[], route: Route, extra: Record<string, string> = {}): string {
  const query = new URLSearchParams();
  for (const name of SHARED)
    for (const value of route.query.getAll(name)) query.append(name, value);
  for (const [name, value] of Object.entries(extra)) query.set(name, value);
  return formatRoute(path, query);
}

/** The same view with some parameters changed; null takes one away. */
export function withQuery(
  route: Route,
  changes: Record<string, string | string[] | null>,
): URLSearchParams {
  const query = new URLSearchParams(route.query);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of value === null ? [] : [value].flat()) query.append(name, each);
  }
  return query;
}

/** The filters of the address as the API takes them. */
export function filterQuery(route: Route, names: readonly string[] = FILTERS): [string, string][] {
  return names.flatMap((name) => route.query.getAll(name).flatMap((value) => asked(name, value)));
}

/** What is asked without its filters: the window alone, for the choices that there are in it. */
export function unfiltered(asked: [string, string][]): [string, string][] {
  return asked.filter(([name]) => name === "from" || name === "to");
}

/** How times are written and where days begin. */
export function zoneOf(route: Route): Zone {
  return route.query.get("tz") === "local" ? "local" : "utc";
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
