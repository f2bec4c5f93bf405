// The datasets of the user: how many rows, how fresh, whether they count as usage.

import { useMemo, useState } from "preact/hooks";
import { all, get } from "../../api";
import type { DatasetEntry, UsageAnswer } from "../../api_types";
import { Spark } from "../../charts/spark";
import { refresh, useAsOf, useNow } from "../../clock";
import { NO_EXTRAS } from "../../filters";
import { Ago } from "../../parts/ago";
import { FilterBar } from "../../parts/filter_bar";
import { useFind, useFirst } from "../../parts/first";
import { Link } from "../../parts/link";
import { Empty, ShownRequest, Skeleton, Trouble } from "../../parts/notes";
import { type Column, Table } from "../../parts/table";
import { TakeAway } from "../../parts/take_away";
import { exact, shown } from "../../pure/format";
import { DAYS, freshnessOf, shapesAsked, shapesOf } from "../../pure/freshness";
import { pathWith } from "../../pure/request";
import { useQuery } from "../../query";
import { go } from "../../router";
import { useView } from "../../view";

const LIST = "/user/data/list";
const NONE: DatasetEntry[] = [];
const STEP = 2000;

export function DatasetList() {
  const view = useView("all", []);
  const asOf = useAsOf();
  const [most, setMost] = useState(STEP);
  const loaded = useQuery(`datasets ${most} ${asOf}`, (signal) =>
    all<DatasetEntry>(LIST, [], most, signal),
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
        {loaded.data?.more && (
          <button type="button" onClick={() => setMost(most + STEP)}>
            List more
          </button>
        )}
        <span class="push" />
        <NewDataset />
      </header>
      {loaded.error && (
        <Trouble
          problem={loaded.error}
          what="The datasets could not be loaded."
          onAgain={refresh}
        />
      )}
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
      <ShownRequest path="/user/data/append_jsonl" body={example} />
      <p class="note">Or name one above and upload a CSV or JSONL file.</p>
    </Empty>
  );
}

function DatasetTable({ datasets, more }: { datasets: DatasetEntry[]; more: boolean }) {
  const { rows, field } = useFind(datasets, "a dataset", (each) => each.dataset);
  const shown = useFirst(rows);
  const shapes = useShapes(shown.rows);
  return (
    <section class="card">
      <header>
        <span class="note">
          {more ? "The first " : ""}
          {datasets.length.toLocaleString("en-US")} {datasets.length === 1 ? "dataset" : "datasets"}
          {more ? " by name; there are more" : ""}
        </span>
        {field}
        <TakeAway path={LIST} file="evalyard-datasets" table={() => tableOf(datasets)} />
      </header>
      <Table
        label="Datasets"
        isNumbers
        isStack
        columns={columnsWith(shapes)}
        rows={shown.rows}
        keyOf={(each) => each.dataset}
        empty="No dataset has that in its name."
      />
      {shown.more}
    </section>
  );
}

/** The shapes of the datasets that are shown, by one question; without an answer the list has none. */
function useShapes(datasets: DatasetEntry[]): Map<string, number[]> {
  const asOf = useAsOf();
  const asked = useMemo(() => shapesAsked(datasets, asOf), [datasets, asOf]);
  const path = asked && pathWith("/usage", [...asked, NO_EXTRAS]);
  const loaded = useQuery<UsageAnswer>(path, (signal) => get(path ?? "", signal));
  return useMemo(() => (loaded.data ? shapesOf(loaded.data) : new Map()), [loaded.data]);
}

function columnsWith(shapes: Map<string, number[]>): Column<DatasetEntry>[] {
  return [
    {
      name: "Dataset",
      isHeading: true,
      phone: "whole",
      cell: ({ dataset }) => <Link to={["datasets", dataset]}>{dataset}</Link>,
    },
    {
      name: "Rows",
      about: ({ rows }) => ({ "data-value": rows, title: exact(rows) }),
      cell: ({ rows }) => shown(rows, "rows"),
    },
    { name: "Size", cell: ({ bytes }) => shown(bytes, "bytes") },
    { name: "Last row", cell: ({ updated_at }) => <Freshness at={updated_at} /> },
    {
      name: "Runs a day",
      class: "shape",
      about: ({ dataset }) => ({ title: shapeSaid(shapes.get(dataset)) }),
      cell: ({ dataset }) => <Shape values={shapes.get(dataset)} />,
    },
    { name: "Begun", cell: ({ created_at }) => <Ago at={created_at} /> },
    { name: "Counts as usage", cell: countsAsUsage },
  ];
}

function Freshness({ at }: { at: DatasetEntry["updated_at"] }) {
  const now = useNow();
  return (
    <>
      <i class="fresh" data-fresh={freshnessOf(at, now)} />
      <Ago at={at} />
    </>
  );
}

function shapeSaid(shape: number[] | undefined): string | undefined {
  return shape && `${shape.join(", ")} runs a day, in the last ${DAYS} days`;
}

function Shape({ values }: { values: number[] | undefined }) {
  return values ? <Spark values={values} /> : <span class="note">–</span>;
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
