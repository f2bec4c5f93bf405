// Dead jobs, grouped by how they failed; whole groups go back to the queue after a preview.

import { useMemo, useState } from "preact/hooks";
import { all, get, type Page } from "../../api";
import type { DeadJobAnswer, FailureGroupAnswer } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { FilterBar } from "../../parts/filter_bar";
import { Link } from "../../parts/link";
import { Empty, Skeleton, Trouble } from "../../parts/notes";
import { useQuery } from "../../query";
import { change } from "../../router";
import { useView } from "../../view";
import { jobDimensions } from "../jobs/dimensions";
import { Groups } from "./groups";
import { RequeueDialog } from "./requeue";
import { DeadTable } from "./table";

const MOST = 1000;
const GROUPS = "/jobs/dlq?group_by=failure&limit=1000";

export function DeadLetters() {
  const view = useView("all", []);
  const asOf = useAsOf();
  const [chosen, setChosen] = useState<DeadJobAnswer[] | null>(null);
  const groups = useQuery<Page<FailureGroupAnswer>>(`groups ${asOf}`, (signal) =>
    get(GROUPS, signal),
  );
  const dead = useQuery(`dead ${asOf}`, (signal) =>
    all<DeadJobAnswer>("/jobs/dlq", [], MOST, signal),
  );
  const dimensions = useMemo(() => jobDimensions(["model", "device"]), []);
  const code = view.route.query.get("failure");
  const wanted = (job: DeadJobAnswer) => {
    const at = Date.parse(job.dead_at);
    const passes = (name: string, value: string | null) =>
      !view.route.query.has(name) || view.route.query.getAll(name).includes(value ?? "");
    const device = job.failure?.device ?? job.device ?? job.device_serial;
    return (
      (!code || job.failure?.code === code) &&
      passes("model", job.model) &&
      passes("device", device) &&
      (!view.window || (at >= view.window.from && at < view.window.to))
    );
  };
  const jobs = useMemo(() => dead.data?.data.filter(wanted) ?? null, [dead.data, view.route]);
  const trouble = groups.error ?? dead.error;
  return (
    <>
      <FilterBar view={view} fallback="all" dimensions={dimensions} loading={dead.loading} />
      <h1>Dead letters</h1>
      {trouble && <Trouble problem={trouble} what="The dead letters could not be loaded." />}
      {!groups.data && !trouble && <Skeleton height={200} />}
      {groups.data?.data.length === 0 && (
        <Empty title="No dead letters">
          <p>
            A job comes here when its attempts are used up, or when trying again would not help.
          </p>
          <p>
            <Link to={["jobs"]}>To the jobs</Link>
          </p>
        </Empty>
      )}
      {groups.data && groups.data.data.length > 0 && (
        <>
          <Groups
            groups={groups.data.data}
            chosen={code}
            onChoose={(failure) => change({ failure })}
          />
          <DeadTable
            jobs={jobs}
            view={view.route.query.toString()}
            more={dead.data?.more ?? false}
            code={code}
            onRequeue={setChosen}
          />
        </>
      )}
      {chosen && (
        <RequeueDialog
          jobs={chosen}
          onClose={() => {
            setChosen(null);
            refresh();
          }}
        />
      )}
    </>
  );
}
