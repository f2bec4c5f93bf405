// Which conditions a table of runs has columns for: what differs among them comes first.

import type { RunAnswer } from "../api_types";
import type { Value } from "./conditions";

export interface ConditionColumn {
  name: string;
  /** Whether the runs have different values of it; to have none is one, too. */
  differs: boolean;
}

const FLAG = "flag_";
/** How many that differ are shown before the user chooses. */
const AT_FIRST = 4;

/** The conditions that any of the runs has, without their flags. */
export function conditionColumns(runs: RunAnswer[]): ConditionColumn[] {
  const names = new Set(runs.flatMap(({ conditions }) => Object.keys(conditions)));
  return [...names]
    .filter((name) => !name.startsWith(FLAG))
    .map((name) => ({ name, differs: new Set(runs.map((run) => conditionIn(run, name))).size > 1 }))
    .sort((a, b) => Number(b.differs) - Number(a.differs) || (a.name < b.name ? -1 : 1));
}

/** Those of the address, in the order of all; before the user chooses, those that differ. */
export function chosenColumns(asked: string | null, all: ConditionColumn[]): string[] {
  const names = asked?.split(",").filter(Boolean);
  if (names) return all.map(({ name }) => name).filter((name) => names.includes(name));
  const differing = all.filter(({ differs }) => differs).map(({ name }) => name);
  return differing.slice(0, AT_FIRST);
}

export function conditionIn(run: RunAnswer, name: string): Value {
  return run.conditions[name] ?? null;
}

/** What has to be known of a run before it is compared: its conditions `flag_…` that are true. */
export function flagsOf({ conditions }: RunAnswer): string[] {
  return Object.entries(conditions)
    .filter(([name, value]) => name.startsWith(FLAG) && value === true)
    .map(([name]) => name.slice(FLAG.length))
    .sort();
}
