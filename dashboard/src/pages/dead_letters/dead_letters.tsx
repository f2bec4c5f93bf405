// Dead jobs, grouped by how or where they failed; whole groups go back to the queue after a preview.

import { useMemo, useState } from "preact/hooks";
import { all, get, type Page } from "../../api";
import type { DeadJobAnswer } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { type Dimension, FilterBar } from "../../parts/filter_bar";
import { Link } from "../../parts/link";
import { Empty, Skeleton, Trouble } from "../../parts/notes";
import { pathWith, type Query } from "../../pure/request";
import { type Loaded, useQuery } from "../../query";
import { change } from "../../router";
import { useView } from "../../view";
import { jobDimensions } from "../jobs/dimensions";
import { type By, type DeadGroup, Groups, nameOf } from "./groups";
import { RequeueDialog } from "./requeue";
import { DeadTable } from "./table";

const FILTERS = ["failure", "device", "model"];
const STEP = 500;

export function DeadLetters() {
  const view = useView("all", []);
  const { query } = view.route;
  const by = query.get("by") === "device" ? "device" : "failure";
  const asked = FILTERS.flatMap(
    (name): Query =>
      query
        .getAll(name)
        .slice(0, 1)
        .map((value) => [name, value]),
  );
  const groups = useGroups(by, asked);
  const dead = useDead(asked);
  const [chosen, setChosen] = useState<DeadJobAnswer[] | null>(null);
  const dimensions = useMemo(
    () => [grouped("failure", "Failure"), grouped("device", "Device"), ...jobDimensions(["model"])],
    [],
  );
  const trouble = groups.error ?? dead.loaded.error;
  const isEmpty = groups.data?.data.length === 0;
  return (
    <>
      <FilterBar
        view={view}
        fallback="all"
        dimensions={dimensions}
        loading={dead.loaded.loading}
        hasRange={false}
      />
      <h1>Dead letters</h1>
      {trouble && (
        <Trouble problem={trouble} what="The dead letters could not be loaded." onAgain={refresh} />
      )}
      {!groups.data && !trouble && <Skeleton height={200} />}
      {isEmpty && <Nothing isFiltered={asked.length > 0} />}
      {groups.data && !isEmpty && (
        <>
          <Groups
            groups={groups.data.data}
            more={groups.data.has_more}
            by={by}
            chosen={query.get(by)}
            onBy={(next) => change({ by: next }, true)}
            onChoose={(value) => change({ [by]: value })}
          />
          <DeadTable
            jobs={dead.loaded.data?.data ?? null}
            view={JSON.stringify(asked)}
            asked={asked}
            step={String(dead.loaded.data?.most)}
            total={totalOf(groups.data, query.get(by))}
            more={dead.loaded.data?.more ? dead.loadMore : null}
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

/** How many died of what or where, among those that pass the other filters. */
function useGroups(by: By, asked: Query): Loaded<Page<DeadGroup>> {
  const asOf = useAsOf();
  const others = asked.filter(([name]) => name !== by);
  const path = pathWith("/jobs/dlq", [["group_by", by], ...others, ["limit", "1000"]]);
  return useQuery(`${path} ${asOf}`, (signal) => get(path, signal), path);
}

/** The newest that pass all filters, more of them with each step. */
function useDead(asked: Query) {
  const asOf = useAsOf();
  const name = JSON.stringify(asked);
  const [wanted, setWanted] = useState({ name, most: STEP });
  const most = wanted.name === name ? wanted.most : STEP;
  const loaded = useQuery(
    `${name} ${most} ${asOf}`,
    async (signal) => ({ most, ...(await all<DeadJobAnswer>("/jobs/dlq", asked, most, signal)) }),
    name,
  );
  return { loaded, loadMore: () => setWanted({ name, most: most + STEP }) };
}

/** How many pass the filters; null where the groups do not say. */
function totalOf(groups: Page<DeadGroup>, chosen: string | null): number | null {
  if (groups.has_more) return null;
  const counted = groups.data.filter((each) => chosen === null || nameOf(each) === chosen);
  return counted.reduce((all, each) => all + each.count, 0);
}

/** Of what, or where, jobs failed; on no device, as those that expired, is no choice. */
function grouped(by: By, label: string): Dimension {
  const choices = async (signal: AbortSignal) => {
    const { data } = await get<Page<DeadGroup>>(`/jobs/dlq?group_by=${by}&limit=1000`, signal);
    return data.flatMap((group) => {
      const value = nameOf(group);
      return value === null ? [] : [{ value, count: group.count }];
    });
  };
  return { name: by, label, single: true, choices };
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty title="No dead letter passes these filters">
        <button type="button" onClick={() => change({ failure: null, device: null, model: null })}>
          Clear the filters
        </button>
      </Empty>
    );
  return (
    <Empty title="No dead letters">
      <p>A job comes here when its attempts are used up, or when trying again would not help.</p>
      <p>
        <Link to={["jobs"]}>To the jobs</Link>
      </p>
    </Empty>
  );
}
