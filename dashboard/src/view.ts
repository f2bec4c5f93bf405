// The view of the present address, which follows it and the time.

import { useMemo } from "preact/hooks";
import { useAsOf } from "./clock";
import { type View, viewOf } from "./pure/view";
import { useRoute } from "./router";

export type { View };

export function useView(fallback: string, filters?: readonly string[]): View {
  const route = useRoute();
  const now = useAsOf();
  return useMemo(() => viewOf(route, now, fallback, filters), [route, now, fallback, filters]);
}
