// What a bulk requeue would do, then doing it one by one, with what became of each.

import { useState } from "preact/hooks";
import { all, Problem, post } from "../../api";
import type { DeadJobAnswer, DeviceAnswer } from "../../api_types";
import { Dialog } from "../../parts/dialog";
import { useFirst } from "../../parts/first";
import { type Column, Table } from "../../parts/table";
import { useQuery } from "../../query";
import { MOST_DEVICES, QUEUE_TAGS } from "../jobs/dimensions";

type Outcome = { done: true } | { done: false; why: string };

export function RequeueDialog({ jobs, onClose }: { jobs: DeadJobAnswer[]; onClose: () => void }) {
  const [changes, setChanges] = useState<Record<string, string>>({});
  const [outcomes, setOutcomes] = useState<Record<string, Outcome>>({});
  const [busy, setBusy] = useState(false);
  const body = overrides(changes);
  const told = Object.values(outcomes);
  const requeue = async () => {
    setBusy(true);
    for (const job of jobs) {
      const outcome = await requeued(job, body);
      setOutcomes((before) => ({ ...before, [job.job_id]: outcome }));
    }
    setBusy(false);
  };
  const first = useFirst(jobs);
  const failed = told.filter((each) => !each.done).length;
  return (
    <Dialog
      title={`Requeue ${jobs.length} ${jobs.length === 1 ? "job" : "jobs"}`}
      onClose={onClose}
    >
      <Changes changes={changes} onChange={setChanges} />
      <Table
        label="Jobs to requeue"
        class="preview"
        columns={columnsWith(changes, outcomes)}
        rows={first.rows}
        keyOf={(job) => job.job_id}
      >
        {first.more}
      </Table>
      <p class="row">
        {told.length === 0 && (
          <button type="button" class="primary" disabled={busy} onClick={requeue}>
            Requeue {jobs.length === 1 ? "it" : `all ${jobs.length}`}
          </button>
        )}
        {told.length > 0 && (
          <span role="status">
            {told.length - failed} requeued{failed > 0 && <span class="bad">, {failed} not</span>},
            of {jobs.length}
          </span>
        )}
        {!busy && (
          <button type="button" onClick={onClose}>
            Close
          </button>
        )}
      </p>
    </Dialog>
  );
}

function columnsWith(
  changes: Record<string, string>,
  outcomes: Record<string, Outcome>,
): Column<DeadJobAnswer>[] {
  return [
    {
      name: "Job",
      cell: (job) => (
        <code>
          {job.job_id.slice(0, 8)}…{job.job_id.slice(-6)}
        </code>
      ),
    },
    {
      name: "Died of",
      cell: ({ failure }) => (
        <>
          {failure?.code}
          {failure && !failure.retryable && (
            <div class="warn">trying again as it is would not help</div>
          )}
        </>
      ),
    },
    {
      name: "Would go to",
      cell: (job) => (
        <>
          {destination(job, changes)} <Verdict outcome={outcomes[job.job_id]} />
        </>
      ),
    },
  ];
}

interface ChangesProps {
  changes: Record<string, string>;
  onChange: (changes: Record<string, string>) => void;
}

function Changes({ changes, onChange }: ChangesProps) {
  const devices = useQuery("devices", (signal) =>
    all<DeviceAnswer>("/devices", [], MOST_DEVICES, signal),
  );
  const set = (name: string) => (event: { currentTarget: { value: string } }) =>
    onChange({ ...changes, [name]: event.currentTarget.value });
  return (
    <fieldset class="fields" aria-label="Changes, as before where nothing is chosen">
      <label>
        Device
        <select value={changes.device_serial ?? ""} onChange={set("device_serial")}>
          <option value="">as before</option>
          {devices.data?.data.map((each) => (
            <option key={each.serial} value={each.serial}>
              {each.name ?? each.serial}
            </option>
          ))}
        </select>
      </label>
      <label>
        Queue
        <select name="queue_tag" value={changes.queue_tag ?? ""} onChange={set("queue_tag")}>
          <option value="">as before</option>
          {QUEUE_TAGS.map((tag) => (
            <option key={tag} value={tag}>
              {tag}
            </option>
          ))}
        </select>
      </label>
      <label>
        Attempts at most
        <input
          type="number"
          min={1}
          max={10}
          placeholder="as before"
          value={changes.max_attempts ?? ""}
          onInput={set("max_attempts")}
        />
      </label>
    </fieldset>
  );
}

function overrides(changes: Record<string, string>): Record<string, unknown> {
  const given = Object.entries(changes).filter(([, value]) => value !== "");
  return Object.fromEntries(
    given.map(([name, value]) => [name, name === "max_attempts" ? Number(value) : value]),
  );
}

function destination(job: DeadJobAnswer, changes: Record<string, string>): string {
  const device = changes.device_serial || job.device_serial;
  return device ? device : `any device of “${changes.queue_tag || job.queue_tag}”`;
}

async function requeued(job: DeadJobAnswer, body: Record<string, unknown>): Promise<Outcome> {
  try {
    await post(`/jobs/${job.job_id}/requeue`, body);
    return { done: true };
  } catch (error) {
    if (error instanceof Problem) return { done: false, why: error.message };
    throw error;
  }
}

function Verdict({ outcome }: { outcome: Outcome | undefined }) {
  if (!outcome) return null;
  return outcome.done ? (
    <span class="good">✓ queued</span>
  ) : (
    <span class="bad">✕ {outcome.why}</span>
  );
}
