// The command `evalyard` for what a request asks, to paste into a shell. Its names and flags are
// those of client/: tests/client/test_shown_commands.py reads what is shown by the client's parser.

import type { SideAsked } from "./gating";
import type { Call } from "./snippets";
import { rangeMs } from "./window";

/** What the command has no flag for is said behind it, as a comment of the shell. */
export interface Request {
  path: string;
  body?: { method: string; json: unknown };
}

type Words = string[];
type Values = [string, string][];

/** The command; null where there is none that does the same. */
export function commandOf(path: string, body?: Request["body"]): string | null {
  const [place = "", asked = ""] = path.split(/\?(.*)/s);
  const values = [...new URLSearchParams(asked)];
  if (body?.method === "POST" && place === "/api/jobs") return runCommand(body.json as JobBody);
  if (body?.method === "POST" && place === "/user/data/append_jsonl")
    return appendCommand(body.json as { dataset: string; rows: unknown[] });
  if (body) return null;
  const words = WORDS[place]?.(values) ?? ofJob(place);
  return words && shellOf(words);
}

const WORDS: Record<string, (values: Values) => Words | null> = {
  "/usage": (values) =>
    values.some(([name]) => name === "runs")
      ? null
      : ["usage", ...windowOf(values), ...filtersOf(values), ...groupsOf(values)],
  "/usage/summary": (values) => ["usage", ...windowOf(values), ...filtersOf(values)],
  "/usage/export.csv": (values) => [
    "export",
    "-o",
    "runs.csv",
    ...windowOf(values),
    ...filtersOf(values),
  ],
  "/usage/compare": (values) => [
    "compare",
    ...values.flatMap(([name, value]) => sided(name, value)),
  ],
  "/api/jobs": (values) => ["jobs", "list", ...flagsOf(values, JOB_FLAGS), ...windowOf(values)],
  "/jobs/dlq": (values) => ["jobs", "dlq", ...flagsOf(values, JOB_FLAGS)],
  "/user/data/list": () => ["datasets", "list"],
  "/user/data/get": (values) => {
    const of = Object.fromEntries(values);
    const format = of.format ? ["--format", of.format] : [];
    return [
      "datasets",
      "get",
      of.dataset ?? "",
      ...(of.tail ? ["--tail", of.tail] : []),
      ...format,
    ];
  },
  "/devices": (values) => ["devices", ...flagsOf(values, { state: "--state", model: "-m" })],
};
const JOB_FLAGS: Record<string, string> = {
  failure: "--failure",
  status: "--status",
  model: "-m",
  device: "--device",
  queue_tag: "--queue",
  tag: "--tag",
  limit: "-n",
};
// Those of a chart, which the command has not: it gives the figures of the window.
const NO_FILTER = new Set([
  ...["from", "to", "bucket", "tz", "extra", "runs", "exact"],
  ...["group_by", "top"],
]);

function ofJob(place: string): Words | null {
  const [, id, result] = /^\/api\/jobs\/([^/]+)(\/result)?$/.exec(place) ?? [];
  if (id === undefined) return null;
  const job = decodeURIComponent(id);
  return result ? ["jobs", "result", job, "--full"] : ["jobs", "show", job];
}

function windowOf(values: Values): Words {
  return flagsOf(values, { from: "--from", to: "--to" });
}

function filtersOf(values: Values): Words {
  const filters = values.filter(([name]) => !NO_FILTER.has(name));
  return filters.flatMap(([name, value]) => ["--filter", `${name}=${value}`]);
}

function groupsOf(values: Values): Words {
  const groups = values.filter(([name]) => name === "group_by");
  const names = groups.flatMap(([, value]) => value.split(","));
  return [...names.flatMap((name) => ["--by", name]), ...flagsOf(values, { top: "--top" })];
}

function flagsOf(values: Values, flags: Record<string, string>): Words {
  return values.flatMap(([name, value]) => (flags[name] ? [flags[name], value] : []));
}

/** A parameter of one side of a comparison, or of both. */
function sided(name: string, value: string): Words {
  const [, side, own] = /^([ab])_(.+)$/s.exec(name) ?? [];
  if (side && own) return [`-${side}`, `${own}=${value}`];
  if (name === "min_effect_pct") return ["--min-effect", value];
  return ["-a", `${name}=${value}`, "-b", `${name}=${value}`];
}

interface JobBody {
  prompt: string;
  model: string;
  options?: Record<string, unknown>;
  conditions?: Record<string, unknown>;
  [name: string]: unknown;
}

const RUN_FLAGS: Record<string, string> = {
  system: "--system",
  device_serial: "--device",
  queue_tag: "--queue",
  repeat: "--repeat",
  warmup: "--warmup",
  tag: "--tag",
  adapter_id: "--adapter",
};
// What a job has that names none of it.
const USUAL: Record<string, unknown> = {
  queue_tag: "default",
  priority: 0,
  repeat: 1,
  warmup: 0,
  max_attempts: 3,
  timeout_s: 600,
};

function runCommand({ prompt, model, options = {}, conditions = {}, ...others }: JobBody): string {
  const own = Object.entries(others).filter(([name, value]) => value !== USUAL[name]);
  // A device is one place and a queue another; the command takes one of them.
  const given = own.filter(([name]) => name !== "queue_tag" || !others.device_serial);
  const { num_predict, ...unspoken } = options;
  const words = [
    "run",
    "-m",
    model,
    "-p",
    prompt,
    ...flagsOf(
      given.map(([name, value]): [string, string] => [name, String(value)]),
      RUN_FLAGS,
    ),
    ...(num_predict === undefined ? [] : ["--num-predict", String(num_predict)]),
    ...Object.entries(conditions).flatMap(([name, value]) => ["--cond", `${name}=${value}`]),
  ];
  const without = [
    ...own.map(([name]) => name).filter((name) => !given.some(([each]) => each === name)),
    ...given.map(([name]) => name).filter((name) => !(name in RUN_FLAGS)),
    ...Object.keys(unspoken),
  ];
  return shellOf(words) + lacking(without);
}

/** A call of the gateway. */
export function askCommand({ prompt, model, device, system, tag, options = {} }: Call): string {
  const words = ["ask", "-m", model, "-p", prompt];
  if (system) words.push("--system", system);
  if (device) words.push("--device", device);
  if (options.num_predict !== undefined) words.push("--num-predict", String(options.num_predict));
  if (tag) words.push("--tag", tag);
  return shellOf(words) + lacking(options.temperature === undefined ? [] : ["temperature"]);
}

interface GateBody {
  baseline: string;
  candidate: SideAsked;
  rules: { max_regression_pct: number }[];
}
// What the service tolerates where no rules are sent.
const USUAL_PCT = 5;

/** A gate over the last such time; the command reads rules from a file only. */
export function gateCommand({ baseline, candidate, rules }: GateBody, range: string): string {
  const last = `${(rangeMs(range) ?? 0) / 3_600_000}h`;
  const words = ["gate", "--baseline", baseline, "--window", last, ...sideFilters(candidate)];
  const isUsual = rules.every(({ max_regression_pct }) => max_regression_pct === USUAL_PCT);
  return shellOf(words) + (isUsual ? "" : "  # the tolerance is set by rules in evalyard.toml");
}

/** Keeps what a view shows as a baseline. */
export function baselineCommand(name: string, body: SideAsked & BaselineBody): string {
  const words = ["baseline", "set", name, "--reason", body.reason];
  words.push("--from", body.window.from, "--to", body.window.to, ...sideFilters(body));
  for (const dimension of body.by) words.push("--by", dimension);
  return shellOf(words) + lacking(body.by.length ? [] : ["all together"]);
}

interface BaselineBody {
  by: string[];
  reason: string;
}

function sideFilters({ filters }: SideAsked): Words {
  return Object.entries(filters).flatMap(([name, values]) =>
    values.flatMap((value) => ["--filter", `${name}=${value}`]),
  );
}

function appendCommand({ dataset, rows }: { dataset: string; rows: unknown[] }): string {
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  return `printf '%s\\n' ${word(lines)} | ${shellOf(["append", dataset])}`;
}

function lacking(names: string[]): string {
  return names.length ? `  # without ${names.join(", ")}: the command has no flag for it` : "";
}

function shellOf(words: Words): string {
  return ["evalyard", ...words.map(word)].join(" ");
}

/** A word as a shell reads it; quotes only where it needs them. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
