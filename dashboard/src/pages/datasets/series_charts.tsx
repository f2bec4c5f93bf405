// A chart for each number field: every value that the server gives, peaks included.

import { useMemo } from "preact/hooks";
import type { DatasetMetrics, SeriesAnswer } from "../../api_types";
import type { Drawing } from "../../charts/lines";
import { TimeChart } from "../../charts/time_chart";
import { unitIn } from "../../pure/format";
import { labelsOf, type Split, splitDots } from "../../pure/splitting";
import type { View } from "../../view";

interface Props {
  metrics: DatasetMetrics;
  view: View;
  path: string;
  split: Split | null;
}

export function SeriesCharts({ metrics, view, path, split }: Props) {
  const filled = metrics.series.filter((series) => series.summary.n > 0);
  return (
    <div class="grid">
      {filled.map((series) => (
        <SeriesChart
          key={series.field}
          series={series}
          view={view}
          path={path}
          metrics={metrics}
          split={split}
        />
      ))}
    </div>
  );
}

function SeriesChart({ series, view, path, metrics, split }: Props & { series: SeriesAnswer }) {
  const labels = split ? labelsOf(metrics, split) : 0;
  const drawing = useMemo(() => drawingOf(series, labels), [series, labels]);
  const better = series.better
    ? `${series.better === "lower" ? "↓" : "↑"} ${series.better} is better`
    : "";
  const less = series.downsampled
    ? `${series.points.length} of ${series.summary.n.toLocaleString("en-US")} points, peaks kept`
    : "";
  const named = (series.groups ?? []).filter((group) => !group.others).length;
  const isPart = (series.groups ?? []).some((group) => group.others);
  const by = split ? `by ${split}${isPart ? `, top ${named} of ${labels}` : ""}` : "";
  const note = [series.extra ? "extra" : "", by, better, less].filter(Boolean).join(" · ");
  return (
    <TimeChart
      title={series.label}
      note={note}
      drawing={drawing}
      zone={view.zone}
      window={view.window}
      path={path}
      file={`${metrics.dataset}-${series.field.replace(/[^A-Za-z0-9]+/g, "-")}`}
      height={170}
    />
  );
}

export function unitOf(series: SeriesAnswer): string {
  return series.unit ?? (unitIn(series.label) || (/_ms$/.test(series.field) ? "ms" : ""));
}

function drawingOf(series: SeriesAnswer, labels: number): Drawing {
  const whole = { bands: [], unit: unitOf(series), partial: false, step: 0 };
  if (series.groups && series.groups.length > 0)
    return { ...whole, ...splitDots(series.groups, labels) };
  return {
    ...whole,
    times: series.points.map(([at]) => Date.parse(at) / 1000),
    lines: [
      {
        name: series.label,
        values: series.points.map(([, value]) => value),
        color: series.extra ? "--c2" : "--line",
        kind: "dots",
      },
    ],
  };
}
