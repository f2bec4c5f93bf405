// Jobs, newest first, with their state as it is now.

import { useMemo, useState } from "preact/hooks";
import { all } from "../../api";
import type { JobAnswer } from "../../api_types";
import { refresh, useAsOf, useLive } from "../../clock";
import { JOB_FILTERS, keysOf } from "../../filters";
import { FilterBar } from "../../parts/filter_bar";
import { Link } from "../../parts/link";
import { Empty, ShownRequest, Skeleton, Trouble } from "../../parts/notes";
import { useSteady } from "../../parts/steady";
import { pathWith } from "../../pure/request";
import { useQuery } from "../../query";
import { change } from "../../router";
import { useView } from "../../view";
import { jobDimensions } from "./dimensions";
import { JobTable } from "./table";

const FILTERS = keysOf(JOB_FILTERS);

const PAGE = 50;

export function JobList() {
  const view = useView("all", FILTERS);
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
    (signal) => all<JobAnswer>("/api/jobs", view.asked, most, signal),
    name,
  );
  const list = useSteady(loaded.data?.data ?? null, (job) => job.job_id, name);
  useLive(list.rows.some((job) => !job.finished_at));
  const dimensions = useMemo(() => jobDimensions(), []);
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
      {loaded.error && (
        <Trouble problem={loaded.error} what="The jobs could not be loaded." onAgain={refresh} />
      )}
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
  const none = Object.fromEntries(FILTERS.map((name) => [name, null]));
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
          <ShownRequest path="/api/jobs" body={example} />
        </>
      )}
    </Empty>
  );
}
