// What draws charts, loaded by itself: starting the library takes longer than all that the first
// figures need.

import { useEffect } from "preact/hooks";
import { signal, useSignal } from "../signal";

type Plotting = typeof import("./plot");

const plotting = signal<Plotting | null>(null);
const isMissing = signal(false);

/** Loads it; more than once is the same as once. */
export function loadPlotting(): void {
  import("./plot").then(plotting.set, () => isMissing.set(true));
}

/** Null until it is there. */
export function usePlotting(): Plotting | null {
  useEffect(loadPlotting, []);
  return useSignal(plotting);
}

/** Whether it could not be loaded, as when a newer page was deployed meanwhile. */
export const usePlottingMissing = (): boolean => useSignal(isMissing);
