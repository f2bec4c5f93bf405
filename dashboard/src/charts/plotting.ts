// What draws charts, loaded beside the first requests: starting the library takes longer than
// all else that comes before them.

import { signal, useSignal } from "../signal";

type Plotting = typeof import("./plot");

const plotting = signal<Plotting | null>(null);
const isMissing = signal(false);

import("./plot").then(plotting.set, () => isMissing.set(true));

/** Null until it is there. */
export const usePlotting = (): Plotting | null => useSignal(plotting);

/** Whether it could not be loaded, as when a newer page was deployed meanwhile. */
export const usePlottingMissing = (): boolean => useSignal(isMissing);
