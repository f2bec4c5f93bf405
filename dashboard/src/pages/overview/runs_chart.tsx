// Runs per bucket, stacked by what they are grouped by.

import { useMemo } from "preact/hooks";
import type { UsageAnswer } from "../../api_types";
import type { Drawing } from "../../charts/lines";
import { TimeChart } from "../../charts/time_chart";
import { GROUPINGS } from "../../parts/dimensions";
import { colorIndex } from "../../pure/colors";
import { spoken } from "../../pure/conditions";
import { bucketStarts, MOST_SHOWN, stack } from "../../pure/stacking";
import type { View } from "../../view";

interface Props {
  /** Its greatest groups; null where they cannot be told apart. */
  usage: UsageAnswer | null;
  /** All runs together, in the same buckets. */
  overall: UsageAnswer;
  /** How many there are; null where they cannot be counted. */
  groups: number | null;
  by: string;
  view: View;
  path: string;
}

export function RunsChart({ usage, overall, groups, by, view, path }: Props) {
  const drawing = useMemo(() => draw(usage, overall, groups), [usage, overall, groups]);
  const label = GROUPINGS.find(([name]) => name === by)?.[1].toLowerCase() ?? spoken(by);
  const shown =
    groups === null || drawing.lines.length < groups
      ? ` · top ${drawing.lines.length - 1} of ${groups ?? "over 1,000"}`
      : "";
  return (
    <TimeChart
      title="Runs"
      note={usage ? `by ${label}${shown}` : `all together, not by ${label}`}
      drawing={drawing}
      zone={view.zone}
      window={view.window}
      path={path}
      file={`evalyard-runs-by-${by}`}
    />
  );
}

function draw(usage: UsageAnswer | null, overall: UsageAnswer, groups: number | null): Drawing {
  const all = overall.series;
  const stacks = usage ? stack(usage.series, all, groups, MOST_SHOWN) : stack(all, all, 1, 1);
  return {
    times: bucketStarts(all),
    lines: stacks.map((each) => ({
      name: each.name,
      values: each.values,
      color: each.isRest ? "--rest" : `--c${colorIndex(each.name)}`,
      kind: "bar",
    })),
    bands: [],
    unit: "runs",
    partial: overall.window.partial_last_bucket,
    step: overall.window.bucket_s ?? 0,
  };
}
