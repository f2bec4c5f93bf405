// The beginning of a long list, and ways to the rest: a page draws no more than one reads.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { sought } from "../pure/choosing";

const STEP = 100;
const FEW = 20;

interface First<T> {
  rows: T[];
  /** A button for more, where there are more. */
  more: ComponentChildren;
}

export function useFirst<T>(all: T[], step = STEP): First<T> {
  const [most, setMost] = useState(step);
  const left = all.length - most;
  const more = left > 0 && (
    <p class="row">
      <button type="button" onClick={() => setMost(most + step)}>
        Show {Math.min(step, left)} more
      </button>
      <span class="note">
        {most.toLocaleString("en-US")} of {all.length.toLocaleString("en-US")}
      </span>
    </p>
  );
  return { rows: all.slice(0, most), more };
}

interface Found<T> {
  rows: T[];
  /** A field to find by, where there is much to look through. */
  field: ComponentChildren;
}

/** Those whose text has what is sought in it. */
export function useFind<T>(all: T[], what: string, textOf: (entry: T) => string): Found<T> {
  const [text, setText] = useState("");
  const field = all.length > FEW && (
    <input
      type="search"
      aria-label={`Find ${what}`}
      placeholder="Find"
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
    />
  );
  return { rows: sought(all, text, textOf), field };
}
