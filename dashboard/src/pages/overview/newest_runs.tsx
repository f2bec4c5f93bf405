// The newest runs one by one, with the conditions that they were measured under.

import { get } from "../../api";
import type { RunAnswer, UsageAnswer } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { newestPath } from "../../parts/dimensions";
import { useFirst } from "../../parts/first";
import { Flags } from "../../parts/flags";
import { Link } from "../../parts/link";
import { Skeleton, Trouble } from "../../parts/notes";
import { Popover } from "../../parts/popover";
import { type Column, Table } from "../../parts/table";
import { TakeAway } from "../../parts/take_away";
import { spoken } from "../../pure/conditions";
import { exact, shown, type Unit } from "../../pure/format";
import {
  type ConditionColumn,
  chosenColumns,
  conditionColumns,
  conditionIn,
  flagsOf,
} from "../../pure/run_columns";
import { stamp, type Zone } from "../../pure/times";
import { useQuery } from "../../query";
import { change } from "../../router";
import type { View } from "../../view";

const PAGE = 50;
const SHOWN = "each";
const COLUMNS = "columns";

export function NewestRuns({ view }: { view: View }) {
  const isOpen = view.route.query.get(SHOWN) === "1";
  return (
    <section class="card" aria-label="Newest runs">
      <header class="row">
        <h2>Newest runs</h2>
        <button
          type="button"
          class="quiet"
          aria-expanded={isOpen}
          onClick={() => change({ [SHOWN]: isOpen ? null : "1" }, true)}
        >
          {isOpen ? "Hide" : "Show one by one"}
        </button>
      </header>
      {isOpen && <Loaded view={view} />}
    </section>
  );
}

function Loaded({ view }: { view: View }) {
  const asOf = useAsOf();
  const path = newestPath(view.asked);
  const filters = view.asked.filter(([name]) => name !== "from" && name !== "to");
  const { data, error } = useQuery<UsageAnswer>(
    `${path} ${asOf}`,
    (signal) => get(path, signal),
    JSON.stringify([filters, view.route.query.get("range"), view.route.query.get("from")]),
  );
  if (error && !data)
    return <Trouble problem={error} what="The runs could not be loaded." onAgain={refresh} />;
  if (!data) return <Skeleton height={200} />;
  return <Runs runs={data.runs} view={view} path={path} />;
}

function Runs({ runs, view, path }: { runs: RunAnswer[]; view: View; path: string }) {
  const all = conditionColumns(runs);
  const chosen = chosenColumns(view.route.query.get(COLUMNS), all);
  const first = useFirst(runs, PAGE);
  return (
    <>
      <div class="row">
        {all.length > 0 && <Choice all={all} chosen={chosen} />}
        <TakeAway path={path} file="evalyard-newest-runs" table={() => tableOf(runs, all)} />
      </div>
      <Table<RunAnswer>
        label="Newest runs"
        isNumbers
        isStack
        columns={columnsWith(runs, chosen, view.zone)}
        rows={first.rows}
        keyOf={({ run_id }) => run_id}
        about={({ run_id }) => ({ "data-run": run_id })}
      />
      {first.more}
    </>
  );
}

function Choice({ all, chosen }: { all: ConditionColumn[]; chosen: string[] }) {
  const toggle = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name];
    change({ [COLUMNS]: next.join(",") }, true);
  };
  return (
    <Popover name="Columns of conditions" label={<>Conditions ▾</>}>
      {() => (
        <ul class="choices">
          {all.map(({ name, differs }) => (
            <li key={name}>
              <label>
                <input
                  type="checkbox"
                  checked={chosen.includes(name)}
                  onChange={() => toggle(name)}
                />
                <span>{spoken(name)}</span> {differs && <span class="note">differs</span>}
              </label>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

const LABELS = [
  ["model", "Model"],
  ["device", "Device"],
  ["tag", "Tag"],
  ["source_kind", "Source"],
] as const;
const FIGURES = [
  ["ttft_ms", "TTFT", "ms"],
  ["latency_ms", "Latency", "ms"],
  ["tok_s", "tok/s", ""],
  ["completion_tokens", "Output tokens", "tokens"],
] as const satisfies [keyof RunAnswer, string, Unit][];

function columnsWith(runs: RunAnswer[], chosen: string[], zone: Zone): Column<RunAnswer>[] {
  return [
    {
      name: "When",
      isHeading: true,
      phone: "whole",
      cell: (run) => <When run={run} zone={zone} />,
    },
    ...LABELS.filter(([id]) => runs.some((run) => run[id] !== null)).map(
      ([id, name]): Column<RunAnswer> => ({
        name,
        isText: true,
        class: "wrap",
        cell: (run) => run[id] ?? "–",
      }),
    ),
    ...chosen.map(
      (name): Column<RunAnswer> => ({
        name: spoken(name),
        id: `cond.${name}`,
        isText: true,
        class: "wrap",
        about: () => ({ "data-condition": name }),
        cell: (run) => String(conditionIn(run, name) ?? "–"),
      }),
    ),
    ...FIGURES.map(
      ([id, name, unit]): Column<RunAnswer> => ({
        name,
        about: (run) => ({ title: exact(run[id]) }),
        cell: (run) => shown(run[id], unit),
      }),
    ),
  ];
}

function When({ run, zone }: { run: RunAnswer; zone: Zone }) {
  const at = stamp(run.ts * 1000, zone);
  return (
    <>
      {run.job_id ? <Link to={["jobs", run.job_id]}>{at}</Link> : at}
      {!run.ok && <span class="pill bad">✕ failed</span>}
      <Flags flags={flagsOf(run)} />
    </>
  );
}

function tableOf(runs: RunAnswer[], all: ConditionColumn[]) {
  const names = all.map(({ name }) => name);
  const ids = ["run_id", ...LABELS.map(([id]) => id), "ok", ...FIGURES.map(([id]) => id)] as const;
  return {
    header: ["time", ...ids, "flags", ...names.map((name) => `cond.${name}`)],
    rows: runs.map((run) => [
      new Date(run.ts * 1000).toISOString(),
      ...ids.map((id) => run[id as keyof RunAnswer] as string | number | boolean | null),
      flagsOf(run).join(" "),
      ...names.map((name) => conditionIn(run, name)),
    ]),
  };
}
