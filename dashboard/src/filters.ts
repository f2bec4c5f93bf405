// What lists can be filtered by, and which states things have: as the API describes it, so that what
// it adds or drops is an error of types here, where it has to be named for people.

import type {
  DeviceAnswer,
  GateAnswer,
  GateSeries,
  JobAnswer,
  MetricComparison,
  operations,
} from "./api_types";
import { USAGE_PARAMETERS } from "./api_types";

const NO_FILTER = [
  "minutes",
  "since_s",
  "from",
  "to",
  "exact",
  "extra",
  "limit",
  "cursor",
  // Conditions have names of their own.
  "cond.<name>",
  // An administrator's view of another user, which no page has.
  "user_id",
] as const;
type NoFilter = (typeof NO_FILTER)[number];
type Query<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>;
type FilterOf<Name extends keyof operations> = Exclude<keyof Query<Name>, NoFilter>;
type Names<Each extends string> = Record<Each, string>;

export type UsageFilter = FilterOf<"get_usage_summary">;
export type JobFilter = FilterOf<"get_api_jobs">;
export type DeviceFilter = FilterOf<"get_devices">;

// In the order of the forms; what the API adds comes behind, under its own name.
const USUAL = {
  model: "Model",
  device: "Device",
  tag: "Tag",
  tenant: "Tenant",
  dataset: "Dataset",
  source_kind: "Source",
  ok: "Outcome",
} as const satisfies Partial<Names<UsageFilter>>;
const LATER = USAGE_PARAMETERS.filter((name) => !(name in USUAL || isIn(name, NO_FILTER)));
export const USAGE_FILTERS = {
  ...USUAL,
  ...Object.fromEntries(LATER.map((name) => [name, spoken(name)])),
} as Names<UsageFilter>;
const { ok: _outcome, ...LABELS } = USAGE_FILTERS;
/** What runs are grouped by: everything but the outcome has a name of its own in each run. */
export const GROUPINGS = keysOf(LABELS).map((name) => [name, LABELS[name]] as const);
/** A label that no run has: extras by group are not shown, and would be most of an answer. */
export const NO_EXTRAS: [string, string] = ["extra", "-"];
export const JOB_FILTERS: Names<JobFilter> = {
  status: "Status",
  model: "Model",
  device: "Device",
  queue_tag: "Queue",
  tag: "Tag",
};

/** A class and a sign for each state. */
type Looks<State extends string> = Record<State, [string, string]>;

export const JOB_STATES: Looks<JobAnswer["status"]> = {
  queued: ["", "◷"],
  running: ["busy-now", "▶"],
  cancelling: ["warn", "◌"],
  succeeded: ["good", "✓"],
  cancelled: ["", "⊘"],
  dead: ["bad", "✕"],
};
export const DEVICE_STATES: Looks<DeviceAnswer["state"]> = {
  available: ["good", "✓"],
  busy: ["busy-now", "▶"],
  offline: ["", "○"],
  hot: ["bad", "▲"],
  low_battery: ["warn", "▽"],
  maintenance: ["warn", "⚙"],
  unhealthy: ["bad", "✚"],
};
export const VERDICTS: Looks<MetricComparison["verdict"]> = {
  improved: ["good", "✓"],
  regressed: ["bad", "✕"],
  unchanged: ["", "="],
  inconclusive: ["warn", "?"],
};

/** Of a gate as a whole, and of one of its series. */
export const GATE_VERDICTS: Looks<GateAnswer["verdict"] | GateSeries["verdict"]> = {
  pass: ["good", "✓"],
  fail: ["bad", "✕"],
  inconclusive: ["warn", "?"],
  no_data: ["warn", "∅"],
  not_comparable: ["warn", "≠"],
  new: ["", "+"],
};

/** The keys of a table in its order, with their type. */
export function keysOf<Key extends string>(table: Record<Key, unknown>): Key[] {
  return Object.keys(table) as Key[];
}

function isIn(name: string, names: readonly string[]): boolean {
  return names.includes(name);
}

/** A column's name for people: `energy_class` is "Energy class". */
function spoken(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
}
