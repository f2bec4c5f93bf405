// The window by model, device or another dimension; the last row is the total, and it adds up.

import type { Problem } from "../../api";
import type { BreakdownEntry, Stats, UsageAnswer } from "../../api_types";
import { refresh } from "../../clock";
import { GROUPINGS } from "../../filters";
import { Trouble } from "../../parts/notes";
import { type Column, Table } from "../../parts/table";
import { TakeAway } from "../../parts/take_away";
import { colorIndex } from "../../pure/colors";
import { CONDITION, conditionOf, filterOf, spoken, type Value } from "../../pure/conditions";
import { exact, shown, type Unit } from "../../pure/format";
import type { Query } from "../../pure/request";
import { groupCount, nameOf, othersOf, reconciles } from "../../pure/stacking";
import { tokensOf } from "../../pure/tokens";
import { change, currentRoute } from "../../router";
import { ExportRuns } from "./export_runs";
import { MOST } from "./paths";

interface Figure {
  id: string;
  name: string;
  unit: Unit;
  read: (stats: Stats) => number | null;
  /** Of how many runs it is, where not all have a value. */
  count?: (stats: Stats) => number;
}

const ttft = (stats: Stats) => stats.ttft_ms.n;
const latency = (stats: Stats) => stats.latency_ms.n;
const speed = (stats: Stats) => stats.tok_s.n;
const FIGURES: Figure[] = [
  { id: "runs", name: "Runs", unit: "runs", read: (s) => s.runs },
  { id: "error_rate", name: "Errors", unit: "share", read: (s) => s.error_rate },
  { id: "total_tokens", name: "Tokens", unit: "tokens", read: tokensOf },
  { id: "ttft_p50", name: "TTFT p50", unit: "ms", read: (s) => s.ttft_ms.p50, count: ttft },
  { id: "ttft_p95", name: "p95", unit: "ms", read: (s) => s.ttft_ms.p95, count: ttft },
  {
    id: "latency_p50",
    name: "Latency p50",
    unit: "ms",
    read: (s) => s.latency_ms.p50,
    count: latency,
  },
  { id: "latency_p95", name: "p95", unit: "ms", read: (s) => s.latency_ms.p95, count: latency },
  { id: "tok_s_p50", name: "tok/s p50", unit: "", read: (s) => s.tok_s.p50, count: speed },
  { id: "throughput_tps", name: "tok/s overall", unit: "", read: (s) => s.throughput_tps },
];

/** A group, or all others; without a key the total. */
type Line = Stats & Partial<Omit<BreakdownEntry, keyof Stats>>;

const COLUMNS: Column<Line>[] = FIGURES.map(({ id, name, unit, read, count }) => ({
  name,
  id,
  about: (line) => {
    const value = read(line);
    return {
      "data-column": id,
      "data-value": value ?? "",
      title: exact(value) + (count ? `, n = ${count(line)}` : ""),
    };
  },
  cell: (line) => shown(read(line), unit),
}));

interface Props {
  asked: Query;
  /** Null where it cannot be broken down, or not yet; `problem` says why. */
  usage: UsageAnswer | null;
  problem: Problem | null;
  /** The total, where there is no breakdown. */
  whole: Stats;
  by: string;
  /** The conditions that runs have, by which they can be broken down too. */
  conditions: string[];
  path: string;
}

export function Breakdown(props: Props) {
  const { asked, usage, problem, whole, by, conditions, path } = props;
  const groups = usage?.breakdown ?? [];
  const total = usage?.total ?? whole;
  const others = groups.find((each) => each.others);
  return (
    <section class="card" aria-label="Breakdown">
      <header class="row">
        <h2>Breakdown</h2>
        <label class="inline">
          by{" "}
          <select value={by} onChange={(event) => change({ by: event.currentTarget.value })}>
            {GROUPINGS.map(([name, label]) => (
              <option key={name} value={name}>
                {label.toLowerCase()}
              </option>
            ))}
            {conditions.length > 0 && (
              <optgroup label="conditions">
                {conditions.map((name) => (
                  <option key={name} value={`${CONDITION}.${name}`}>
                    {spoken(name)}
                  </option>
                ))}
              </optgroup>
            )}
          </select>
        </label>
        {usage && <Reconciled groups={groups} total={total} />}
        <span class="push" />
        <ExportRuns asked={asked} />
        <TakeAway
          path={path}
          file={`evalyard-breakdown-by-${by}`}
          table={() => tableOf(groups, total, by)}
        />
      </header>
      {problem && (
        <Trouble problem={problem} what="The breakdown could not be loaded." onAgain={refresh} />
      )}
      <Table<Line>
        label="Breakdown table"
        isNumbers
        columns={[
          {
            name: GROUPINGS.find(([name]) => name === by)?.[1] ?? spoken(by),
            id: "group",
            isHeading: true,
            cell: (line) =>
              line.others ? (
                <span class="note">{othersOf(line.groups)}</span>
              ) : line.key ? (
                <Group of={line.key} by={by} runs={line.runs} total={total.runs} />
              ) : (
                "Total"
              ),
          },
          ...COLUMNS,
        ]}
        rows={groups}
        keyOf={({ key, others }) => (key && !others ? JSON.stringify(key) : "")}
        foot={total}
        about={({ key, others }) =>
          others ? { "data-rest": true } : key ? {} : { "data-total": true }
        }
      />
      {others && <More shown={groups.length - 1} all={groupCount(groups)} />}
    </section>
  );
}

/** The greatest groups of how many; more of them where an answer can hold more. */
function More({ shown: named, all }: { shown: number; all: number }) {
  const counted = (count: number) => count.toLocaleString("en-US");
  return (
    <p class="row">
      {named < MOST && (
        <button type="button" onClick={() => change({ groups: "all" }, true)}>
          Show {all > MOST ? `the greatest ${counted(MOST)}` : `all ${counted(all)}`}
        </button>
      )}
      <span class="note">
        The {counted(named)} with the most runs of {counted(all)}; filter for others.
      </span>
    </p>
  );
}

function Reconciled({ groups, total }: { groups: BreakdownEntry[]; total: Stats }) {
  const good = reconciles(groups, total);
  const count = groupCount(groups);
  return (
    <span class={good ? "note" : "bad"} data-reconciles={good}>
      {good
        ? `✓ ${count.toLocaleString("en-US")} ${count === 1 ? "group adds" : "groups add"} up to the total`
        : "✗ The groups do not add up to the total"}
    </span>
  );
}

interface GroupProps {
  of: BreakdownEntry["key"];
  by: string;
  runs: number;
  total: number;
}

function Group({ of: key, by, runs, total }: GroupProps) {
  const name = nameOf(key);
  const value = key[by];
  return (
    <span class="group">
      <meter
        min={0}
        max={total}
        value={runs}
        aria-label={`Share of runs: ${shown(total ? runs / total : null, "share")}`}
      />
      <i class="swatch" style={{ background: `var(--c${colorIndex(name)})` }} />
      {value == null ? (
        <span class="note">{name}</span>
      ) : (
        <button
          type="button"
          class="name"
          title="Only these"
          onClick={() => change(onlyThese(by, value))}
        >
          {name}
        </button>
      )}
    </span>
  );
}

/** The filter that leaves one group: of a condition, others of its name make way. */
function onlyThese(by: string, value: Value): Record<string, string[]> {
  const [name, text] = filterOf(by, value);
  const condition = conditionOf(by);
  const others = condition === null ? [] : currentRoute().query.getAll(name);
  return { [name]: [...others.filter((each) => !each.startsWith(`${condition}=`)), text] };
}

function tableOf(groups: BreakdownEntry[], total: Stats, by: string) {
  const values = (stats: Stats) => FIGURES.map((figure) => figure.read(stats));
  return {
    header: [by, ...FIGURES.map((figure) => figure.id)],
    rows: [
      ...groups.map((group) => [
        group.others ? `(${othersOf(group.groups)})` : (group.key[by] ?? null),
        ...values(group),
      ]),
      ["total", ...values(total)],
    ],
  };
}
