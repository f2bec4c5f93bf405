// The datasets of the user: how many rows, how fresh, whether they count as usage.

import { useState } from "preact/hooks";
import { all } from "../../api";
import type { DatasetEntry } from "../../api_types";
import { useAsOf } from "../../clock";
import { Ago } from "../../parts/ago";
import { FilterBar } from "../../parts/filter_bar";
import { Link } from "../../parts/link";
import { Command, Empty, Skeleton, Trouble } from "../../parts/notes";
import { Scroll } from "../../parts/scroll";
import { TakeAway } from "../../parts/take_away";
import { curlOf } from "../../pure/curl";
import { exact, shown } from "../../pure/format";
import { useQuery } from "../../query";
import { go } from "../../router";
import { useView } from "../../view";

const LIST = "/user/data/list";

export function DatasetList() {
  const view = useView("all", []);
  const asOf = useAsOf();
  const loaded = useQuery(`datasets ${asOf}`, (signal) =>
    all<DatasetEntry>(LIST, [], 2000, signal),
  );
  const datasets = loaded.data?.data ?? [];
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
      {datasets.length > 0 && <DatasetTable datasets={datasets} />}
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
    <form class="row" onSubmit={submit}>
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

function DatasetTable({ datasets }: { datasets: DatasetEntry[] }) {
  return (
    <section class="card">
      <header>
        <span class="note">
          {datasets.length} {datasets.length === 1 ? "dataset" : "datasets"}
        </span>
        <TakeAway path={LIST} file="evalyard-datasets" table={() => tableOf(datasets)} />
      </header>
      <Scroll label="Datasets">
        <table class="numbers">
          <thead>
            <tr>
              {["Dataset", "Rows", "Size", "Last row", "Begun", "Counts as usage"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {datasets.map((each) => (
              <tr key={each.dataset}>
                <th scope="row">
                  <Link to={["datasets", each.dataset]}>{each.dataset}</Link>
                </th>
                <td data-value={each.rows} title={exact(each.rows)}>
                  {shown(each.rows, "rows")}
                </td>
                <td>{shown(each.bytes, "bytes")}</td>
                <td>
                  <Ago at={each.updated_at} />
                </td>
                <td>
                  <Ago at={each.created_at} />
                </td>
                <td>
                  {each.adapter ? (
                    each.adapter.enabled ? (
                      "yes"
                    ) : (
                      "switched off"
                    )
                  ) : (
                    <span class="note">no adapter</span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
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
