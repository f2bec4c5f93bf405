// Sends the batches of a file one after another and adds up what became of the rows.

import { Problem, pathWith, post, upload } from "../../api";
import type { Batch } from "../../pure/upload";
import type { Appended, Fault } from "../../schemas";

export type NamedFault = Fault & { isUsage: boolean };
export interface Outcome {
  appended: number;
  rejected: number;
  usage: { recorded: number; skipped: number } | null;
  faults: NamedFault[];
  truncated: boolean;
  batchIds: string[];
}

export async function append(
  dataset: string,
  batches: Batch[],
  tell: (share: number) => void,
): Promise<Outcome> {
  const outcome: Outcome = {
    appended: 0,
    rejected: 0,
    usage: null,
    faults: [],
    truncated: false,
    batchIds: [],
  };
  for (const [at, batch] of batches.entries()) {
    const answer = await sent(dataset, batch, (share) => tell((at + share) / batches.length));
    add(outcome, answer, batch);
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
  tell: (share: number) => void,
): Promise<Appended> {
  const path = pathWith("/user/data/append_jsonl", [["dataset", dataset]]);
  try {
    return await upload<Appended>(path, batch.body, "application/x-ndjson", tell);
  } catch (error) {
    const isVerdict =
      error instanceof Problem && error.status === 422 && error.errors.some((fault) => fault.line);
    if (!isVerdict) throw error;
    return refused(dataset, batch, error.errors);
  }
}

/** None was taken: the server answers with a problem that names the rows. */
function refused(dataset: string, batch: Batch, errors: Fault[]): Appended {
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

function add(outcome: Outcome, answer: Appended, batch: Batch): void {
  outcome.appended += answer.appended;
  outcome.rejected += answer.rejected;
  outcome.truncated ||= answer.errors_truncated;
  outcome.faults.push(...answer.errors.map((fault) => named(fault, batch, false)));
  outcome.faults.push(...(answer.usage?.errors ?? []).map((fault) => named(fault, batch, true)));
  if (answer.usage) {
    const { recorded, skipped } = outcome.usage ?? { recorded: 0, skipped: 0 };
    outcome.usage = {
      recorded: recorded + answer.usage.recorded,
      skipped: skipped + answer.usage.skipped,
    };
  }
  if (answer.batch_id) outcome.batchIds.push(answer.batch_id);
}

/** A fault with the line of the file instead of the line of its batch. */
function named(fault: Fault, batch: Batch, isUsage: boolean): NamedFault {
  const index =
    fault.line !== null && fault.line !== undefined ? fault.line - 1 : rowOf(fault.pointer);
  return { ...fault, isUsage, line: index === null ? null : (batch.lines[index]?.line ?? null) };
}

function rowOf(pointer: string): number | null {
  const found = /^\/(?:rows\/)?(\d+)/.exec(pointer);
  return found ? Number(found[1]) : null;
}
