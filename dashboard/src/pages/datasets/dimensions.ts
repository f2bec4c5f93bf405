// What the rows of a dataset can be filtered by.

import { get } from "../../api";
import type { DatasetMetrics } from "../../api_types";
import type { Choice, Dimension } from "../../parts/filter_bar";
import { pathWith } from "../../pure/request";
import { unfiltered } from "../../pure/route";
import type { View } from "../../view";

/** The choices are those of the window without filters: one model chosen hides no other. */
export function datasetDimensions(dataset: string, view: View): Dimension[] {
  const times = unfiltered(view.asked);
  // The counts are over all rows; of the series one point is enough.
  const path = pathWith("/user/data/metrics", [
    ["dataset", dataset],
    ...times,
    ["max_points", "1"],
  ]);
  const ask =
    (read: (metrics: DatasetMetrics) => Counted[]) =>
    async (signal: AbortSignal): Promise<Choice[]> =>
      read(await get(path, signal)).flatMap(({ value, count }) =>
        value === null ? [] : [{ value, count }],
      );
  return [
    {
      name: "model",
      label: "Model",
      choices: ask(({ by_model }) =>
        by_model.map((each) => ({ value: each.model, count: each.rows })),
      ),
    },
    {
      name: "device",
      label: "Device",
      choices: ask(({ by_device }) =>
        by_device.map((each) => ({ value: each.device, count: each.rows })),
      ),
    },
  ];
}

interface Counted {
  value: string | null;
  count: number;
}
