// Jobs, newest first, with their state as it is now.

import { useMemo, useState } from "preact/hooks";
import { all, pathWith } from "../../api";
import { useAsOf, useLive } from "../../clock";
import { Ago } from "../../parts/ago";
import { FilterBar } from "../../parts/filter_bar";
import { Link } from "../../parts/link";
import { Command, Empty, Skeleton, Trouble } from "../../parts/notes";
import { Scroll } from "../../parts/scroll";
import { StatusPill } from "../../parts/status_pill";
import { useSteady } from "../../parts/steady";
import { TakeAway } from "../../parts/take_away";
import { curlOf } from "../../pure/curl";
import { duration } from "../../pure/format";
import { useQuery } from "../../query";
import { change } from "../../router";
import type { Job } from "../../schemas";
import { useView } from "../../view";
import { JOB_FILTERS, jobDimensions } from "./dimensions";

const PAGE = 50;

export function JobList() {
  const view = useView("all", JOB_FILTERS);
  const asOf = useAsOf();
  const [most, setMost] = useState(PAGE);
  const path = pathWith("/api/jobs", [...view.asked, ["limit", String(PAGE)]]);
  const name = JSON.stringify([
    view.asked.filter(([each]) => each !== "to" && each !== "from"),
    view.route.query.get("range"),
    view.route.query.get("from"),
    most,
  ]);
  const loaded = useQuery(
    `${path} ${asOf} ${most}`,
    (signal) => all<Job>("/api/jobs", view.asked, most, signal),
    name,
  );
  const list = useSteady(loaded.data?.data ?? null, (job) => job.job_id, name);
  useLive(list.rows.some((job) => !job.finished_at));
  const dimensions = useMemo(jobDimensions, []);
  return (
    <>
      <FilterBar
        view={view}
        fallback="all"
        dimensions={dimensions}
        loading={loaded.loading && !loaded.data}
      />
      <header class="row">
        <h1>Jobs</h1>
        {list.waiting > 0 && (
          <button type="button" class="chip" onClick={list.show}>
            ↑ {list.waiting} new
          </button>
        )}
        <span class="push" />
        <Link to={["jobs", "new"]} class="button primary">
          Submit a job
        </Link>
      </header>
      {loaded.error && <Trouble problem={loaded.error} what="The jobs could not be loaded." />}
      {!loaded.data && !loaded.error && <Skeleton height={320} />}
      {loaded.data && list.rows.length === 0 && <NoJobs isFiltered={view.asked.length > 0} />}
      {list.rows.length > 0 && <JobTable jobs={list.rows} path={path} />}
      {loaded.data?.more && (
        <button type="button" onClick={() => setMost(most + PAGE)}>
          Show {PAGE} more
        </button>
      )}
    </>
  );
}

function NoJobs({ isFiltered }: { isFiltered: boolean }) {
  const none = Object.fromEntries(JOB_FILTERS.map((name) => [name, null]));
  const example = { method: "POST", json: { prompt: "The capital of France is", model: "MODEL" } };
  return (
    <Empty title={isFiltered ? "No job passes these filters" : "No jobs yet"}>
      {isFiltered ? (
        <button
          type="button"
          onClick={() => change({ ...none, range: null, from: null, to: null })}
        >
          Clear the filters
        </button>
      ) : (
        <>
          <p>A job is a prompt that a device runs on a real model, and measures.</p>
          <Command text={curlOf(location.origin, "/api/jobs", example)} />
        </>
      )}
    </Empty>
  );
}

function JobTable({ jobs, path }: { jobs: Job[]; path: string }) {
  const longest = Math.max(1, ...jobs.map((job) => (job.queue_ms ?? 0) + (job.run_ms ?? 0)));
  return (
    <section class="card">
      <header>
        <span class="note">{jobs.length} shown, newest first</span>
        <TakeAway path={path} file="evalyard-jobs" table={() => tableOf(jobs)} />
      </header>
      <Scroll label="Jobs">
        <table>
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

function Row({ job, longest }: { job: Job; longest: number }) {
  const ahead = job.queue ? ` ${job.queue.ahead} ahead` : "";
  return (
    <tr data-job={job.job_id}>
      <td>
        <StatusPill status={job.status} title={job.status_reason} />
        {job.failure && <div class="note">{job.failure.code}</div>}
        {job.status === "queued" && (
          <div class="note">
            {job.status_reason?.replaceAll("_", " ")}
            {ahead}
          </div>
        )}
      </td>
      <th scope="row" class="job">
        <Link to={["jobs", job.job_id]}>
          <code>
            {job.job_id.slice(0, 8)}…{job.job_id.slice(-6)}
          </code>
        </Link>
        <div class="note clip">{job.prompt_preview}</div>
      </th>
      <td>{job.model}</td>
      <td>
        {job.device ??
          (job.device_serial ? (
            <span class="note">{job.device_serial}</span>
          ) : (
            <span class="note">–</span>
          ))}
      </td>
      <td>{job.tag ?? <span class="note">–</span>}</td>
      <td class="nowrap">
        <Ago at={job.created_at} />
      </td>
      <td class="bars">
        <Bars job={job} longest={longest} />
      </td>
    </tr>
  );
}

function Bars({ job, longest }: { job: Job; longest: number }) {
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

function tableOf(jobs: Job[]) {
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
