// The dead jobs of a group, to choose from.

import { useState } from "preact/hooks";
import type { DeadJobAnswer } from "../../api_types";
import { Ago } from "../../parts/ago";
import { useFirst } from "../../parts/first";
import { Link } from "../../parts/link";
import { useSteady } from "../../parts/steady";
import { type Column, Table } from "../../parts/table";
import { TakeAway } from "../../parts/take_away";
import { type Chosen, NONE, toggled, toggledAll } from "../../pure/choosing";
import { pathWith, type Query } from "../../pure/request";

const COLUMNS: Column<DeadJobAnswer>[] = [
  {
    name: "Job",
    isHeading: true,
    class: "job",
    phone: "most",
    cell: (job) => (
      <>
        <Link to={["jobs", job.job_id]}>
          <code>
            {job.job_id.slice(0, 8)}…{job.job_id.slice(-6)}
          </code>
        </Link>
        <div class="note clip">{job.prompt_preview}</div>
      </>
    ),
  },
  {
    name: "Failure",
    class: "wrap failure",
    phone: "whole",
    cell: ({ failure }) => (
      <>
        <code class="bad">{failure?.code}</code>
        <div class="note">{failure?.message}</div>
      </>
    ),
  },
  { name: "Model", cell: (job) => job.model },
  { name: "Device", cell: (job) => job.failure?.device ?? job.device ?? "–" },
  { name: "Attempts", cell: (job) => `${job.attempt} of ${job.max_attempts}` },
  { name: "Died", class: "nowrap", cell: (job) => <Ago at={job.dead_at} /> },
];

interface Props {
  /** Null until they are there. */
  jobs: DeadJobAnswer[] | null;
  /** What of them is shown; another view starts over. */
  view: string;
  /** The same as the API takes it. */
  asked: Query;
  /** How many were asked for; what comes with more of them does not wait as new. */
  step: string;
  /** How many there are; null where that is not known. */
  total: number | null;
  /** Loads more; null where there are no others. */
  more: (() => void) | null;
  onRequeue: (jobs: DeadJobAnswer[]) => void;
}

export function DeadTable({ jobs: fresh, view, asked, step, total, more, onRequeue }: Props) {
  const steady = useSteady(fresh, (job) => job.job_id, `${view} ${step}`);
  const dead = new Set(fresh?.map((job) => job.job_id));
  // Who was requeued meanwhile is no dead letter any more.
  const jobs = steady.rows.filter((job) => dead.has(job.job_id));
  const [choice, setChoice] = useState<{ view: string; ids: Chosen }>({ view, ids: NONE });
  // What was chosen in another view was chosen of other jobs.
  const ids = choice.view === view ? choice.ids : NONE;
  const choose = (next: Chosen) => setChoice({ view, ids: next });
  const chosen = jobs.filter((job) => ids.has(job.job_id));
  const first = useFirst(jobs);
  return (
    <section class="card">
      <header class="row">
        <label class="check">
          <input
            type="checkbox"
            checked={chosen.length === jobs.length && jobs.length > 0}
            ref={(box) => {
              if (box) box.indeterminate = chosen.length > 0 && chosen.length < jobs.length;
            }}
            onChange={() =>
              choose(
                toggledAll(
                  ids,
                  jobs.map((job) => job.job_id),
                ),
              )
            }
          />
          {counted(chosen.length)} of {counted(jobs.length)} chosen
        </label>
        {steady.waiting > 0 && (
          <button type="button" class="quiet" onClick={steady.show}>
            ↑ {steady.waiting} new
          </button>
        )}
        {more && (
          <>
            <span class="warn">
              the latest {counted(jobs.length)}
              {total !== null && ` of ${counted(total)}`} are listed
            </span>
            <button type="button" onClick={more}>
              List more
            </button>
          </>
        )}
        <button type="button" disabled={chosen.length === 0} onClick={() => onRequeue(chosen)}>
          Requeue {counted(chosen.length)}…
        </button>
        <TakeAway
          path={pathWith("/jobs/dlq", asked)}
          file="evalyard-dead-letters"
          table={() => tableOf(jobs)}
        />
      </header>
      <Table
        label="Dead jobs"
        isStack
        columns={[
          {
            name: "Chosen",
            isHidden: true,
            class: "choose",
            phone: "bare",
            cell: (job) => (
              <input
                type="checkbox"
                aria-label={`Choose ${job.job_id}`}
                checked={ids.has(job.job_id)}
                onChange={() => choose(toggled(ids, job.job_id))}
              />
            ),
          },
          ...COLUMNS,
        ]}
        rows={first.rows}
        keyOf={(job) => job.job_id}
        about={(job) => ({ "data-job": job.job_id })}
      />
      {first.more}
    </section>
  );
}

function counted(count: number): string {
  return count.toLocaleString("en-US");
}

function tableOf(jobs: DeadJobAnswer[]) {
  return {
    header: ["job_id", "code", "message", "model", "device", "attempt", "dead_at"],
    rows: jobs.map((job) => [
      job.job_id,
      job.failure?.code,
      job.failure?.message,
      job.model,
      job.failure?.device,
      job.attempt,
      job.dead_at,
    ]),
  };
}
