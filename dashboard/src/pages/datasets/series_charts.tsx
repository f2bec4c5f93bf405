// A chart for each number field: every value that the server gives, peaks included.

import { useMemo } from "preact/hooks";
import type { DatasetMetrics, SeriesAnswer } from "../../api_types";
import type { Drawing } from "../../charts/lines";
import { TimeChart } from "../../charts/time_chart";
import { unitIn } from "../../pure/format";
import type { View } from "../../view";

interface Props {
  metrics: DatasetMetrics;
  view: View;
  path: string;
}

export function SeriesCharts({ metrics, view, path }: Props) {
  const filled = metrics.series.filter((series) => series.summary.n > 0);
  return (
    <div class="grid">
      {filled.map((series) => (
        <SeriesChart
          key={series.field}
          series={series}
          view={view}
          path={path}
          dataset={metrics.dataset}
        />
      ))}
    </div>
  );
}

function SeriesChart({
  series,
  view,
  path,
  dataset,
}: {
  series: SeriesAnswer;
  view: View;
  path: string;
  dataset: string;
}) {
  const drawing = useMemo(() => drawingOf(series), [series]);
  const better = series.better
    ? `${series.better === "lower" ? "↓" : "↑"} ${series.better} is better`
    : "";
  const less = series.downsampled
    ? `${series.points.length} of ${series.summary.n.toLocaleString("en-US")} points, peaks kept`
    : "";
  const note = [series.extra ? "extra" : "", better, less].filter(Boolean).join(" · ");
  return (
    <TimeChart
      title={series.label}
      note={note}
      drawing={drawing}
      zone={view.zone}
      window={view.window}
      path={path}
      file={`${dataset}-${series.field.replace(/[^A-Za-z0-9]+/g, "-")}`}
      height={170}
    />
  );
}

export function unitOf(series: SeriesAnswer): string {
  return series.unit ?? (unitIn(series.label) || (/_ms$/.test(series.field) ? "ms" : ""));
}

function drawingOf(series: SeriesAnswer): Drawing {
  return {
    times: series.points.map(([at]) => Date.parse(at) / 1000),
    lines: [
      {
        name: series.label,
        values: series.points.map(([, value]) => value),
        color: series.extra ? "--c2" : "--line",
        kind: "dots",
      },
    ],
    bands: [],
    unit: unitOf(series),
    partial: false,
    step: 0,
  };
}
