// Sends the batches of a file one after another and adds up what became of the rows.

import { all, get, Problem, post, upload } from "../../api";
import type { AppendAnswer, DatasetEntry, ProblemFault, SavedAdapter } from "../../api_types";
import { randomId } from "../../pure/ids";
import { pathWith } from "../../pure/request";
import type { Batch, Refusal } from "../../pure/upload";

/** `line` is that of the file, if it is known. */
export type NamedFault = Omit<ProblemFault, "line"> & { line: number | null; isUsage: boolean };
export interface Outcome {
  appended: number;
  rejected: number;
  usage: { recorded: number; skipped: number } | null;
  faults: NamedFault[];
  truncated: boolean;
  batchIds: string[];
  /** How many batches are settled. */
  settled: number;
  /** Why it stopped before the end. */
  stopped: Problem | null;
}

const MOST_DATASETS = 10_000;

/** A file on its way; sent again, a batch is known by its key, and is not stored twice. */
export interface Plan {
  dataset: string;
  batches: Batch[];
  keys: string[];
}

export function planOf(dataset: string, batches: Batch[]): Plan {
  return { dataset, batches, keys: batches.map(() => randomId()) };
}

/** The adapter of a dataset, if there is one: it says which fields are labels and numbers. */
export async function adapterOf(dataset: string): Promise<SavedAdapter | null> {
  const { data } = await all<DatasetEntry>("/user/data/list", [], MOST_DATASETS);
  const isSaved = data.some((each) => each.dataset === dataset && each.adapter);
  return isSaved ? get(pathWith("/user/data/get_adapter", [["dataset", dataset]])) : null;
}

/** What becomes of rows of which some are refused before anything is sent. */
export function begun(refused: Refusal[]): Outcome {
  return {
    appended: 0,
    rejected: refused.length,
    usage: null,
    faults: refused.map((each) => ({ ...each, pointer: "", isUsage: false })),
    truncated: false,
    batchIds: [],
    settled: 0,
    stopped: null,
  };
}

/** Sends the batches that are not settled; what was stored is told even where one fails. */
export async function append(
  plan: Plan,
  before: Outcome,
  tell: (share: number) => void,
): Promise<Outcome> {
  const { dataset, batches, keys } = plan;
  const outcome = { ...before, stopped: null as Problem | null };
  for (const [at, batch] of batches.entries()) {
    if (at < before.settled) continue;
    try {
      const progress = (share: number) => tell((at + share) / batches.length);
      add(outcome, await sent(dataset, batch, keys[at] ?? "", progress), batch);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { ...outcome, stopped: error };
    }
    outcome.settled = at + 1;
  }
  return outcome;
}

/** Takes batches back; what was taken out of rows and runs. */
export async function undo(batchIds: string[]): Promise<{ rows: number; runs: number }> {
  const total = { rows: 0, runs: 0 };
  for (const batch_id of batchIds) {
    const answer = await post<{ removed_rows: number; removed_runs: number }>("/user/data/undo", {
      batch_id,
    });
    total.rows += answer.removed_rows;
    total.runs += answer.removed_runs;
  }
  return total;
}

async function sent(
  dataset: string,
  batch: Batch,
  key: string,
  tell: (share: number) => void,
): Promise<AppendAnswer> {
  const path = pathWith("/user/data/append_jsonl", [["dataset", dataset]]);
  try {
    return await upload<AppendAnswer>(path, batch.body, "application/x-ndjson", key, tell);
  } catch (error) {
    const isVerdict =
      error instanceof Problem && error.status === 422 && error.errors.some((fault) => fault.line);
    if (!isVerdict) throw error;
    return refused(dataset, batch, error.errors);
  }
}

/** None was taken: the server answers with a problem that names the rows. */
function refused(dataset: string, batch: Batch, errors: ProblemFault[]): AppendAnswer {
  const received = batch.lines.length;
  const truncated = errors.length < received;
  return {
    dataset,
    batch_id: null,
    received,
    appended: 0,
    rejected: received,
    errors,
    errors_truncated: truncated,
    usage: null,
  };
}

function add(outcome: Outcome, answer: AppendAnswer, batch: Batch): void {
  outcome.appended += answer.appended;
  outcome.rejected += answer.rejected;
  outcome.truncated ||= answer.errors_truncated;
  outcome.faults = [
    ...outcome.faults,
    ...answer.errors.map((fault) => named(fault, batch, false)),
    ...(answer.usage?.errors ?? []).map((fault) => named(fault, batch, true)),
  ];
  if (answer.usage) {
    const { recorded, skipped } = outcome.usage ?? { recorded: 0, skipped: 0 };
    outcome.usage = {
      recorded: recorded + answer.usage.recorded,
      skipped: skipped + answer.usage.skipped,
    };
  }
  if (answer.batch_id) outcome.batchIds = [...outcome.batchIds, answer.batch_id];
}

/** A fault with the line of the file instead of the line of its batch. */
function named(fault: ProblemFault, batch: Batch, isUsage: boolean): NamedFault {
  const index = fault.line !== undefined ? fault.line - 1 : rowOf(fault.pointer);
  return { ...fault, isUsage, line: index === null ? null : (batch.lines[index]?.line ?? null) };
}

function rowOf(pointer: string): number | null {
  const found = /^\/(?:rows\/)?(\d+)/.exec(pointer);
  return found ? Number(found[1]) : null;
}
