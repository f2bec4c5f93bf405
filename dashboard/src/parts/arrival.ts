// Coming to another page: where one looks, and where keyboard and screen reader go on.

import { useEffect, useRef } from "preact/hooks";
import { placeHere } from "../router";

const GIVEN_UP_AFTER_MS = 10_000;
const OWN_WAYS = ["wheel", "pointerdown", "keydown", "touchmove"] as const;

/**
 * A page begins at its top; one to which one comes back, where one was. The focus goes to the content:
 * what one came by may have gone with the page before.
 */
export function useArrival(page: string): void {
  const last = useRef(page);
  useEffect(() => {
    if (last.current === page) return;
    last.current = page;
    document.getElementById("content")?.focus({ preventScroll: true });
    return scrolledTo(placeHere());
  }, [page]);
}

/** Scrolls there as soon as the page is that long, unless one scrolls oneself; ends when called. */
function scrolledTo(place: number): () => void {
  scrollTo(0, 0);
  const ended = new AbortController();
  const end = () => ended.abort();
  const until = performance.now() + GIVEN_UP_AFTER_MS;
  const look = () => {
    if (ended.signal.aborted || performance.now() > until) return end();
    if (document.documentElement.scrollHeight - innerHeight < place) requestAnimationFrame(look);
    else {
      scrollTo(0, place);
      end();
    }
  };
  for (const way of OWN_WAYS) addEventListener(way, end, { signal: ended.signal, passive: true });
  look();
  return end;
}
