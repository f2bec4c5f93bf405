// Runs per bucket, stacked by what they are grouped by.

import { useMemo } from "preact/hooks";
import type { UsageAnswer } from "../../api_types";
import type { Drawing } from "../../charts/lines";
import { TimeChart } from "../../charts/time_chart";
import { GROUPINGS } from "../../filters";
import { colorIndex } from "../../pure/colors";
import { spoken } from "../../pure/conditions";
import { bucketStarts, groupCount, stack } from "../../pure/stacking";
import type { View } from "../../view";

interface Props {
  /** The greatest groups and all others; null where they cannot be told apart. */
  usage: UsageAnswer | null;
  /** All runs together. */
  overall: UsageAnswer;
  by: string;
  view: View;
  path: string;
}

export function RunsChart({ usage, overall, by, view, path }: Props) {
  const shown = usage ?? overall;
  const drawing = useMemo(() => draw(shown), [shown]);
  const label = GROUPINGS.find(([name]) => name === by)?.[1].toLowerCase() ?? spoken(by);
  return (
    <TimeChart
      title="Runs"
      note={usage ? `by ${label}${topOf(usage)}` : `all together, not by ${label}`}
      drawing={drawing}
      zone={view.zone}
      window={view.window}
      path={path}
      file={`evalyard-runs-by-${by}`}
    />
  );
}

/** How many of how many groups are named, where not all are. */
function topOf({ breakdown }: UsageAnswer): string {
  const named = breakdown.filter((each) => !each.others).length;
  const groups = groupCount(breakdown);
  return named < groups ? ` · top ${named} of ${groups.toLocaleString("en-US")}` : "";
}

function draw({ series, window }: UsageAnswer): Drawing {
  return {
    times: bucketStarts(series),
    lines: stack(series).map((each) => ({
      name: each.name,
      values: each.values,
      color: each.isRest ? "--rest" : `--c${colorIndex(each.name)}`,
      kind: "bar",
    })),
    bands: [],
    unit: "runs",
    partial: window.partial_last_bucket,
    step: window.bucket_s ?? 0,
  };
}
