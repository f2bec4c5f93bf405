// Jobs as rows: state, what ran where, how long it waited and ran.

import type { JobAnswer } from "../../api_types";
import { Ago } from "../../parts/ago";
import { Link } from "../../parts/link";
import { StatusPill } from "../../parts/status_pill";
import { type Column, Table } from "../../parts/table";
import { TakeAway } from "../../parts/take_away";
import { duration } from "../../pure/format";

export function JobTable({ jobs, path }: { jobs: JobAnswer[]; path: string }) {
  const longest = Math.max(1, ...jobs.map((job) => (job.queue_ms ?? 0) + (job.run_ms ?? 0)));
  return (
    <section class="card">
      <header>
        <span class="note">{jobs.length} shown, newest first</span>
        <TakeAway path={path} file="evalyard-jobs" table={() => tableOf(jobs)} />
      </header>
      <Table
        label="Jobs"
        isStack
        columns={columnsWith(longest)}
        rows={jobs}
        keyOf={(job) => job.job_id}
        about={(job) => ({ "data-job": job.job_id })}
      />
    </section>
  );
}

function columnsWith(longest: number): Column<JobAnswer>[] {
  return [
    { name: "Status", phone: "whole", cell: (job) => <Status job={job} /> },
    {
      name: "Job",
      isHeading: true,
      class: "job",
      phone: "whole",
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
    { name: "Model", class: "wrap", cell: (job) => job.model },
    {
      name: "Device",
      class: "wrap",
      cell: (job) => job.device ?? <span class="note">{job.device_serial || "–"}</span>,
    },
    { name: "Tag", class: "wrap", cell: (job) => job.tag ?? <span class="note">–</span> },
    { name: "Created", class: "nowrap", cell: (job) => <Ago at={job.created_at} /> },
    {
      name: "Waited · ran",
      class: "bars",
      cell: (job) => <Bars job={job} longest={longest} />,
    },
  ];
}

function Status({ job }: { job: JobAnswer }) {
  const ahead = job.queue ? ` · ${job.queue.ahead} ahead` : "";
  return (
    <>
      <StatusPill status={job.status} title={job.status_detail} />
      {job.failure && <div class="note">{job.failure.code}</div>}
      {job.status === "queued" && (
        <div class="note">
          {job.status_reason?.replaceAll("_", " ")}
          {ahead}
        </div>
      )}
    </>
  );
}

function Bars({ job, longest }: { job: JobAnswer; longest: number }) {
  const width = (ms: number | null) => ({ width: `${((ms ?? 0) / longest) * 100}%` });
  return (
    <>
      <span class="nowrap">
        {duration(job.queue_ms)} · {duration(job.run_ms)}
      </span>
      <span class="bar" aria-hidden="true">
        <i class="waiting" style={width(job.queue_ms)} />
        <i class="running" style={width(job.run_ms)} />
      </span>
    </>
  );
}

function tableOf(jobs: JobAnswer[]) {
  const header = [
    "job_id",
    "status",
    "model",
    "device",
    "queue_tag",
    "tag",
    "priority",
    "attempt",
    "created_at",
    "started_at",
    "finished_at",
    "queue_ms",
    "run_ms",
  ] as const;
  return {
    header: [...header, "failure"],
    rows: jobs.map((job) => [...header.map((name) => job[name]), job.failure?.code ?? null]),
  };
}
