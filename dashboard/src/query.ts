// Loading what a view shows: the last answer stays until the next one is there.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Problem } from "./api";
import { tracked } from "./asking";
import { session } from "./session";
import { useSignal } from "./signal";

export interface Loaded<T> {
  data: T | null;
  error: Problem | null;
  loading: boolean;
  /** Whether `data` answers an earlier question. */
  stale: boolean;
}

/**
 * Loads anew whenever `key` changes; null loads nothing. A changed `view` (the part of the key that
 * is not time) forgets what was there, so that no answer stands under another question.
 */
export function useQuery<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  view = "",
): Loaded<T> {
  const { token } = useSignal(session);
  const [state, setState] = useState<{
    key: string;
    view: string;
    data: T | null;
    error: Problem | null;
  }>({ key: "", view, data: null, error: null });
  const latest = useRef(load);
  latest.current = load;
  // Before the browser paints: the answers are on their way meanwhile.
  useLayoutEffect(() => {
    if (key === null || !token) return;
    const abort = new AbortController();
    tracked(latest.current(abort.signal))
      // An answer to a question that was asked ahead comes though its view has gone.
      .then((data) => abort.signal.aborted || setState({ key, view, data, error: null }))
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        const problem = error instanceof Problem ? error : new Problem(0, "broken", String(error));
        // What answered another question is no answer to this one.
        setState((before) => ({
          key,
          view,
          data: before.view === view ? before.data : null,
          error: problem,
        }));
      });
    return () => abort.abort();
  }, [key, view, token]);
  const same = state.view === view;
  const current = state.key === key;
  return {
    data: same ? state.data : null,
    // Until the same question has another answer: an alert that comes and goes is read out each time.
    error: current || (same && key !== null) ? state.error : null,
    loading: key !== null && !current,
    stale: !current,
  };
}
