// How one metric spreads over time: the median, and the band up to the 95th percentile.

import { useMemo } from "preact/hooks";
import type { Distribution, SeriesPoint, UsageAnswer } from "../../api_types";
import type { Drawing } from "../../charts/lines";
import { TimeChart } from "../../charts/time_chart";
import { bucketStarts } from "../../pure/stacking";
import type { View } from "../../view";
import { Changes, MOST, useChanges } from "./changes";

interface Props {
  metric: "ttft_ms" | "latency_ms" | "tok_s";
  title: string;
  unit: string;
  better: "higher" | "lower";
  usage: UsageAnswer;
  view: View;
  path: string;
}

export function SpreadChart({ metric, title, unit, better, usage, view, path }: Props) {
  const changes = useChanges(metric, view);
  const drawing = useMemo(() => {
    const marks = changes.slice(0, MOST).map(({ at, verdict }) => ({
      at: Date.parse(at) / 1000,
      color: verdict === "improved" ? "--good" : "--bad",
    }));
    return { ...spread(usage, unit, (point) => point[metric]), marks };
  }, [usage, metric, unit, changes]);
  const counts = useMemo(() => usage.series.map((point) => point[metric].n), [usage, metric]);
  const how = usage.exact ? "" : " · within 1 %";
  return (
    <TimeChart
      title={title}
      note={`${better === "lower" ? "↓" : "↑"} ${better} is better${how}`}
      drawing={drawing}
      counts={counts}
      zone={view.zone}
      window={view.window}
      path={path}
      file={`evalyard-${metric}`}
    >
      <Changes changes={changes} zone={view.zone} />
    </TimeChart>
  );
}

export function spread(
  usage: UsageAnswer,
  unit: string,
  read: (point: SeriesPoint) => Distribution | undefined,
): Drawing {
  const points = usage.series.map(read);
  const values = (name: "p50" | "p90" | "p95") => points.map((point) => point?.[name] ?? null);
  return {
    times: bucketStarts(usage.series),
    lines: [
      { name: "p95", values: values("p95"), color: "--line-soft", kind: "line", thin: true },
      { name: "p90", values: values("p90"), color: "--line-soft", kind: "edge" },
      { name: "p50", values: values("p50"), color: "--line", kind: "line" },
    ],
    bands: [{ upper: 0, lower: 2, color: "--line" }],
    unit,
    partial: usage.window.partial_last_bucket,
    step: usage.window.bucket_s ?? 0,
  };
}
