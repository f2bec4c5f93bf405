// Pages that are loaded after the first one, or when one comes to them before.

import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Empty, Skeleton } from "./parts/notes";
import { signal, useSignal } from "./signal";

type Pages = typeof import("./pages");

const pages = signal<Pages | null>(null);
const isMissing = signal(false);

/** Loads them; more than once is the same as once. */
export function loadPages(): void {
  import("./pages").then(pages.set, () => isMissing.set(true));
}

/** A page that shows when it is there. */
export function lazily<Props extends object>(
  pick: (all: Pages) => ComponentType<Props>,
): ComponentType<Props> {
  return function Lazy(props: Props) {
    const all = useSignal(pages);
    const failed = useSignal(isMissing);
    useEffect(loadPages, []);
    // As when a newer build was deployed meanwhile.
    if (!all && failed) return <Empty title="The page could not be loaded. Reload it." />;
    if (!all) return <Skeleton height={320} />;
    const Page = pick(all);
    return <Page {...props} />;
  };
}
