// Labelled extra metrics, each as its own chart.

import { useMemo, useState } from "preact/hooks";
import type { UsageAnswer } from "../../api_types";
import { TimeChart } from "../../charts/time_chart";
import { unitIn } from "../../pure/format";
import type { View } from "../../view";
import { spread } from "./spread_chart";

const FIRST = 6;

interface Props {
  usage: UsageAnswer;
  view: View;
  path: string;
}

export function ExtraCharts({ usage, view, path }: Props) {
  const [all, setAll] = useState(false);
  const labels = Object.entries(usage.total.extra)
    .sort(([, a], [, b]) => b.n - a.n)
    .map(([label]) => label);
  if (labels.length === 0) return null;
  const shown = all ? labels : labels.slice(0, FIRST);
  const total = usage.extra_labels?.total ?? labels.length;
  return (
    <section>
      <h2>
        Extra metrics{" "}
        <span class="note">{shown.length < total ? `${shown.length} of ${total}` : total}</span>
      </h2>
      <div class="grid">
        {shown.map((label) => (
          <ExtraChart key={label} label={label} usage={usage} view={view} path={path} />
        ))}
      </div>
      {shown.length < labels.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {labels.length}
        </button>
      )}
    </section>
  );
}

function ExtraChart({ label, usage, view, path }: Props & { label: string }) {
  const drawing = useMemo(
    () => spread(usage, unitIn(label), (point) => point.extra[label]),
    [usage, label],
  );
  const counts = useMemo(
    () => usage.series.map((point) => point.extra[label]?.n ?? 0),
    [usage, label],
  );
  return (
    <TimeChart
      title={label}
      drawing={drawing}
      counts={counts}
      zone={view.zone}
      window={view.window}
      path={path}
      file={`evalyard-${label.replace(/[^A-Za-z0-9]+/g, "-").toLowerCase()}`}
      height={150}
    />
  );
}
