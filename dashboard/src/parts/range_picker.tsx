// The time range: the usual lengths, or from and to.

import { useState } from "preact/hooks";
import { fromField, spanned, toField, type Zone } from "../pure/times";
import { RANGES, type TimeWindow } from "../pure/window";
import { change } from "../router";
import type { View } from "../view";
import { Popover } from "./popover";

interface Props {
  view: View;
  fallback: string;
}

export function RangePicker({ view, fallback }: Props) {
  const { window, range, zone } = view;
  const label = rangeLabel(view);
  return (
    <Popover
      name={`Time range: ${label}`}
      label={
        <>
          {label} <span aria-hidden="true">▾</span>
        </>
      }
      class="range"
    >
      {(close) => (
        <>
          <ul class="choices">
            {[...RANGES, ...(fallback === "all" ? ["all"] : [])].map((each) => (
              <li key={each}>
                <button
                  type="button"
                  aria-pressed={each === range}
                  onClick={() => {
                    change({ range: each, from: null, to: null, was: null });
                    close();
                  }}
                >
                  {named(each)}
                </button>
              </li>
            ))}
          </ul>
          <Between window={window} zone={zone} onDone={close} />
        </>
      )}
    </Popover>
  );
}

/** The window that a view shows, in words. */
export function rangeLabel({ window, range, zone }: View): string {
  return window && range === null
    ? spanned(window.from, window.to, Date.now(), zone)
    : named(range ?? "all");
}

function named(range: string): string {
  if (range === "all") return "All time";
  const names: Record<string, string> = { m: "minutes", h: "hours", d: "days", y: "years" };
  const count = range.slice(0, -1);
  const unit = names[range.slice(-1)] ?? "";
  return count === "1" ? `Last ${unit.replace(/s$/, "")}` : `Last ${count} ${unit}`;
}

function Between({
  window,
  zone,
  onDone,
}: {
  window: TimeWindow | null;
  zone: Zone;
  onDone: () => void;
}) {
  const [from, setFrom] = useState(window ? toField(window.from, zone) : "");
  const [to, setTo] = useState(window ? toField(window.to, zone) : "");
  const start = fromField(from, zone);
  const end = fromField(to, zone);
  const isGood = start !== null && end !== null && start < end;
  const apply = (event: Event) => {
    event.preventDefault();
    if (!isGood) return;
    change({ from: new Date(start).toISOString(), to: new Date(end).toISOString(), range: null });
    onDone();
  };
  return (
    <form onSubmit={apply} class="between">
      <label>
        From ({zone === "utc" ? "UTC" : "local"})
        <input type="datetime-local" value={from} onInput={(e) => setFrom(e.currentTarget.value)} />
      </label>
      <label>
        To
        <input type="datetime-local" value={to} onInput={(e) => setTo(e.currentTarget.value)} />
      </label>
      <button type="submit" class="primary" disabled={!isGood}>
        Apply
      </button>
    </form>
  );
}
