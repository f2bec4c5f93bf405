// Each series in figures, over all rows of the window.

import type { DatasetMetrics, SeriesAnswer } from "../../api_types";
import { Scroll } from "../../parts/scroll";
import { TakeAway } from "../../parts/take_away";
import { exact, shown } from "../../pure/format";
import { unitOf } from "./series_charts";

const FIGURES = ["mean", "min", "p50", "p90", "p95", "p99", "max", "std", "last"] as const;

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
      <Scroll label="Summary">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Series</th>
              <th scope="col">n</th>
              {FIGURES.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {metrics.series.map((series) => (
              <tr key={series.field} data-field={series.field}>
                <th scope="row">{series.label}</th>
                <td data-column="n" data-value={series.summary.n}>
                  {shown(series.summary.n, "rows")}
                </td>
                {FIGURES.map((name) => (
                  <td
                    key={name}
                    data-column={name}
                    data-value={series.summary[name] ?? ""}
                    title={exact(series.summary[name])}
                  >
                    {shown(series.summary[name], unitOf(series))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
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
