// Runs per bucket, stacked by what they are grouped by.

import { useMemo } from "preact/hooks";
import type { UsageAnswer } from "../../api_types";
import type { Drawing } from "../../charts/lines";
import { TimeChart } from "../../charts/time_chart";
import { GROUPINGS } from "../../parts/dimensions";
import { colorIndex } from "../../pure/colors";
import { bucketStarts, stack } from "../../pure/stacking";
import type { View } from "../../view";

const MOST = 8;

interface Props {
  usage: UsageAnswer;
  by: string;
  view: View;
  path: string;
}

export function RunsChart({ usage, by, view, path }: Props) {
  const { drawing, groups } = useMemo(() => draw(usage), [usage]);
  const label = GROUPINGS.find(([name]) => name === by)?.[1].toLowerCase() ?? by;
  const shown = drawing.lines.length < groups ? ` · top ${MOST - 1} of ${groups}` : "";
  return (
    <TimeChart
      title="Runs"
      note={`by ${label}${shown}`}
      drawing={drawing}
      zone={view.zone}
      window={view.window}
      path={path}
      file={`evalyard-runs-by-${by}`}
    />
  );
}

function draw(usage: UsageAnswer): { drawing: Drawing; groups: number } {
  const { stacks, groups } = stack(usage.series, MOST);
  const drawing: Drawing = {
    times: bucketStarts(usage.series),
    lines: stacks.map((each) => ({
      name: each.name,
      values: each.values,
      color: each.isRest ? "--rest" : `--c${colorIndex(each.name)}`,
      kind: "bar",
    })),
    bands: [],
    unit: "runs",
    partial: usage.window.partial_last_bucket,
    step: usage.window.bucket_s ?? 0,
  };
  return { drawing, groups };
}
