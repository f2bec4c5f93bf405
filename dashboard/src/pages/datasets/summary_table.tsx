// Each series in figures, over all rows of the window.

import type { DatasetMetrics, SeriesAnswer } from "../../api_types";
import { type Column, Table } from "../../parts/table";
import { TakeAway } from "../../parts/take_away";
import { exact, shown } from "../../pure/format";
import { unitOf } from "./series_charts";

const FIGURES = ["mean", "min", "p50", "p90", "p95", "p99", "max", "std", "last"] as const;

const COLUMNS: Column<SeriesAnswer>[] = [
  { name: "Series", isHeading: true, cell: (series) => series.label },
  {
    name: "n",
    about: ({ summary }) => ({ "data-column": "n", "data-value": summary.n }),
    cell: ({ summary }) => shown(summary.n, "rows"),
  },
  ...FIGURES.map(figure),
];

function figure(name: (typeof FIGURES)[number]): Column<SeriesAnswer> {
  return {
    name,
    about: ({ summary }) => ({
      "data-column": name,
      "data-value": summary[name] ?? "",
      title: exact(summary[name]),
    }),
    cell: (series) => shown(series.summary[name], unitOf(series)),
  };
}

export function SummaryTable({ metrics, path }: { metrics: DatasetMetrics; path: string }) {
  return (
    <section class="card">
      <header>
        <h2>Summary</h2>
        <span class="note">over all rows, whatever the charts show</span>
        <TakeAway
          path={path}
          file={`${metrics.dataset}-summary`}
          table={() => tableOf(metrics.series)}
        />
      </header>
      <Table
        label="Summary"
        isNumbers
        columns={COLUMNS}
        rows={metrics.series}
        keyOf={(series) => series.field}
        about={(series) => ({ "data-field": series.field })}
      />
    </section>
  );
}

function tableOf(all: SeriesAnswer[]) {
  return {
    header: ["field", "label", "n", ...FIGURES],
    rows: all.map((series) => [
      series.field,
      series.label,
      series.summary.n,
      ...FIGURES.map((name) => series.summary[name]),
    ]),
  };
}
