// The datasets of the user: how many rows, how fresh, whether they count as usage.

import { useMemo, useState } from "preact/hooks";
import { all, get, pathWith } from "../../api";
import type { DatasetEntry, UsageAnswer } from "../../api_types";
import { Spark } from "../../charts/spark";
import { useAsOf, useNow } from "../../clock";
import { Ago } from "../../parts/ago";
import { NO_EXTRAS } from "../../parts/dimensions";
import { FilterBar } from "../../parts/filter_bar";
import { Link } from "../../parts/link";
import { Command, Empty, Skeleton, Trouble } from "../../parts/notes";
import { Scroll } from "../../parts/scroll";
import { TakeAway } from "../../parts/take_away";
import { curlOf } from "../../pure/curl";
import { exact, shown } from "../../pure/format";
import { DAYS, freshnessOf, shapesAsked, shapesOf } from "../../pure/freshness";
import { useQuery } from "../../query";
import { go } from "../../router";
import { useView } from "../../view";

const LIST = "/user/data/list";
const NONE: DatasetEntry[] = [];

export function DatasetList() {
  const view = useView("all", []);
  const asOf = useAsOf();
  const loaded = useQuery(`datasets ${asOf}`, (signal) =>
    all<DatasetEntry>(LIST, [], 2000, signal),
  );
  const datasets = loaded.data?.data ?? NONE;
  return (
    <>
      <FilterBar
        view={view}
        fallback="all"
        dimensions={[]}
        loading={loaded.loading}
        hasRange={false}
      />
      <header class="row">
        <h1>Datasets</h1>
        <span class="push" />
        <NewDataset />
      </header>
      {loaded.error && <Trouble problem={loaded.error} what="The datasets could not be loaded." />}
      {!loaded.data && !loaded.error && <Skeleton height={240} />}
      {loaded.data && datasets.length === 0 && <NoDatasets />}
      {datasets.length > 0 && (
        <DatasetTable datasets={datasets} more={loaded.data?.more ?? false} />
      )}
    </>
  );
}

function NewDataset() {
  const [name, setName] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    go(`#/datasets/${encodeURIComponent(name)}?tab=upload`);
  };
  return (
    <form class="new" onSubmit={submit}>
      <input
        aria-label="Name of a new dataset"
        placeholder="new_dataset"
        pattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,127}"
        title="Letters, digits, . _ -"
        required
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit">Upload a file…</button>
    </form>
  );
}

function NoDatasets() {
  const row = {
    ts: new Date().toISOString(),
    device: "server-1",
    model: "llama3-8b",
    latency_ms: 900,
  };
  const example = { method: "POST", json: { dataset: "my_server_metrics", rows: [row] } };
  return (
    <Empty title="No datasets yet">
      <p>A dataset is a series of rows of your own measurements. It begins with its first row:</p>
      <Command text={curlOf(location.origin, "/user/data/append_jsonl", example)} />
      <p class="note">Or name one above and upload a CSV or JSONL file.</p>
    </Empty>
  );
}

const COLUMNS = ["Dataset", "Rows", "Size", "Last row", "Runs a day", "Begun", "Counts as usage"];

function DatasetTable({ datasets, more }: { datasets: DatasetEntry[]; more: boolean }) {
  const shapes = useShapes(datasets);
  return (
    <section class="card">
      <header>
        <span class="note">
          {more ? "The first " : ""}
          {datasets.length.toLocaleString("en-US")} {datasets.length === 1 ? "dataset" : "datasets"}
          {more ? " by name; there are more" : ""}
        </span>
        <TakeAway path={LIST} file="evalyard-datasets" table={() => tableOf(datasets)} />
      </header>
      <Scroll label="Datasets">
        <table class="numbers stack">
          <thead>
            <tr>
              {COLUMNS.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {datasets.map((each) => (
              <DatasetLine key={each.dataset} entry={each} shape={shapes.get(each.dataset)} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

/** The shapes of all datasets, by one question; without an answer the list has none. */
function useShapes(datasets: DatasetEntry[]): Map<string, number[]> {
  const asOf = useAsOf();
  const asked = useMemo(() => shapesAsked(datasets, asOf), [datasets, asOf]);
  const path = asked && pathWith("/usage", [...asked, NO_EXTRAS]);
  const loaded = useQuery<UsageAnswer>(path, (signal) => get(path ?? "", signal));
  return useMemo(() => (loaded.data ? shapesOf(loaded.data) : new Map()), [loaded.data]);
}

function DatasetLine({ entry, shape }: { entry: DatasetEntry; shape: number[] | undefined }) {
  const now = useNow();
  return (
    <tr>
      <th scope="row" class="whole">
        <Link to={["datasets", entry.dataset]}>{entry.dataset}</Link>
      </th>
      <td data-label="Rows" data-value={entry.rows} title={exact(entry.rows)}>
        {shown(entry.rows, "rows")}
      </td>
      <td data-label="Size">{shown(entry.bytes, "bytes")}</td>
      <td data-label="Last row">
        <i class="fresh" data-fresh={freshnessOf(entry.updated_at, now)} />
        <Ago at={entry.updated_at} />
      </td>
      <td
        class="shape"
        data-label="Runs a day"
        title={shape && `${shape.join(", ")} runs a day, in the last ${DAYS} days`}
      >
        {shape ? <Spark values={shape} /> : <span class="note">–</span>}
      </td>
      <td data-label="Begun">
        <Ago at={entry.created_at} />
      </td>
      <td data-label="Counts as usage">{countsAsUsage(entry)}</td>
    </tr>
  );
}

function countsAsUsage({ adapter }: DatasetEntry) {
  if (!adapter) return <span class="note">no adapter</span>;
  return adapter.enabled ? "yes" : "switched off";
}

function tableOf(datasets: DatasetEntry[]) {
  return {
    header: ["dataset", "rows", "bytes", "created_at", "updated_at", "adapter_enabled"],
    rows: datasets.map((each) => [
      each.dataset,
      each.rows,
      each.bytes,
      each.created_at,
      each.updated_at,
      each.adapter?.enabled ?? null,
    ]),
  };
}
