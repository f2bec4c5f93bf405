// One dataset: its series, its rows, its adapter, and a way to put a file in.

import { useMemo } from "preact/hooks";
import { get } from "../../api";
import type { DatasetMetrics } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { FilterBar } from "../../parts/filter_bar";
import { Empty, ShownRequest, Skeleton, Trouble } from "../../parts/notes";
import { formatRoute, withQuery } from "../../pure/route";
import { SPLITS, type Split, splitIn } from "../../pure/splitting";
import { useQuery } from "../../query";
import { change } from "../../router";
import { useView, type View } from "../../view";
import { AdapterEditor } from "./adapter_editor";
import { datasetDimensions } from "./dimensions";
import { FILTERS, metricsPath, RANGE, tabIn } from "./paths";
import { Rows } from "./rows";
import { SeriesCharts } from "./series_charts";
import { SummaryTable } from "./summary_table";
import { Upload } from "./upload";

const TABS = [
  ["series", "Series"],
  ["rows", "Newest rows"],
  ["adapter", "Adapter"],
  ["upload", "Upload"],
] as const;

export function DatasetView({ id }: { id: string }) {
  const view = useView(RANGE, FILTERS);
  const asOf = useAsOf();
  const tab = tabIn(view.route.query);
  const split = splitIn(view.route.query.get("by"));
  const path = metricsPath(id, view);
  const name = JSON.stringify([
    view.route.query.get("range"),
    view.route.query.get("from"),
    view.asked.filter(([each]) => FILTERS.includes(each)),
  ]);
  // A file may be the first of its dataset: nothing is asked of it before.
  const key = tab === "upload" ? null : `${path} ${asOf}`;
  const loaded = useQuery<DatasetMetrics>(key, (signal) => get(path, signal), name);
  const metrics = loaded.data;
  const dimensions = useMemo(() => datasetDimensions(id, view), [id, view]);
  const isNew = loaded.error?.code === "dataset_not_found";
  return (
    <>
      <FilterBar view={view} fallback={RANGE} dimensions={dimensions} loading={loaded.loading} />
      <header class="row title">
        <h1>{id}</h1>
        {metrics && (
          <span class="note" data-rows={metrics.rows}>
            {metrics.rows.toLocaleString("en-US")} {metrics.rows === 1 ? "row" : "rows"} in this
            window
          </span>
        )}
      </header>
      <Tabs view={view} tab={tab} />
      {loaded.error && !isNew && (
        <Trouble problem={loaded.error} what="The dataset could not be loaded." onAgain={refresh} />
      )}
      {isNew && tab !== "upload" && <NotYet id={id} />}
      {tab !== "upload" && tab !== "rows" && !metrics && !loaded.error && <Skeleton height={300} />}
      {tab === "series" && metrics && (
        <SeriesTab metrics={metrics} view={view} path={path} split={split} />
      )}
      {tab === "rows" && !isNew && <Rows dataset={id} asOf={asOf} />}
      {tab === "adapter" && metrics && <AdapterEditor dataset={id} metrics={metrics} />}
      {tab === "upload" && <Upload dataset={id} />}
    </>
  );
}

function Tabs({ view, tab }: { view: View; tab: string }) {
  return (
    <nav class="tabs" aria-label="Of this dataset">
      {TABS.map(([name, label]) => (
        <a
          key={name}
          href={formatRoute(view.route.path, withQuery(view.route, { tab: name }))}
          aria-current={tab === name ? "page" : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

interface SeriesProps {
  metrics: DatasetMetrics;
  view: View;
  path: string;
  split: Split | null;
}

function SeriesTab({ metrics, view, path, split }: SeriesProps) {
  if (metrics.rows === 0)
    return (
      <Empty title="No rows in this window">
        <p>Choose a longer time range, or take filters away.</p>
      </Empty>
    );
  return (
    <>
      <SplitBy split={split} />
      <SeriesCharts metrics={metrics} view={view} path={path} split={split} />
      <SummaryTable metrics={metrics} path={path} />
    </>
  );
}

function SplitBy({ split }: { split: Split | null }) {
  return (
    <label class="inline">
      Charts by{" "}
      <select
        value={split ?? ""}
        onChange={(event) => change({ by: event.currentTarget.value || null })}
      >
        <option value="">nothing, all rows together</option>
        {SPLITS.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function NotYet({ id }: { id: string }) {
  const row = {
    ts: new Date().toISOString(),
    device: "server-1",
    model: "llama3-8b",
    latency_ms: 900,
  };
  return (
    <Empty title="This dataset has no rows yet">
      <p>It begins with its first row. Upload a file, or append:</p>
      <ShownRequest
        path="/user/data/append_jsonl"
        body={{ method: "POST", json: { dataset: id, rows: [row] } }}
      />
    </Empty>
  );
}
