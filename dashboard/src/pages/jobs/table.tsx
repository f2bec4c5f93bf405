// Jobs as rows: state, what ran where, how long it waited and ran.

import type { JobAnswer } from "../../api_types";
import { Ago } from "../../parts/ago";
import { Link } from "../../parts/link";
import { Scroll } from "../../parts/scroll";
import { StatusPill } from "../../parts/status_pill";
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
      <Scroll label="Jobs">
        <table class="stack">
          <thead>
            <tr>
              {["Status", "Job", "Model", "Device", "Tag", "Created", "Waited · ran"].map(
                (name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <Row key={job.job_id} job={job} longest={longest} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Row({ job, longest }: { job: JobAnswer; longest: number }) {
  const ahead = job.queue ? ` · ${job.queue.ahead} ahead` : "";
  return (
    <tr data-job={job.job_id}>
      <td class="whole">
        <StatusPill status={job.status} title={job.status_detail} />
        {job.failure && <div class="note">{job.failure.code}</div>}
        {job.status === "queued" && (
          <div class="note">
            {job.status_reason?.replaceAll("_", " ")}
            {ahead}
          </div>
        )}
      </td>
      <th scope="row" class="job whole">
        <Link to={["jobs", job.job_id]}>
          <code>
            {job.job_id.slice(0, 8)}…{job.job_id.slice(-6)}
          </code>
        </Link>
        <div class="note clip">{job.prompt_preview}</div>
      </th>
      <td data-label="Model">{job.model}</td>
      <td data-label="Device">
        {job.device ??
          (job.device_serial ? (
            <span class="note">{job.device_serial}</span>
          ) : (
            <span class="note">–</span>
          ))}
      </td>
      <td data-label="Tag">{job.tag ?? <span class="note">–</span>}</td>
      <td class="nowrap" data-label="Created">
        <Ago at={job.created_at} />
      </td>
      <td class="bars" data-label="Waited · ran">
        <Bars job={job} longest={longest} />
      </td>
    </tr>
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
