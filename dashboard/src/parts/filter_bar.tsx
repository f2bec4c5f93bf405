// Time range, filters, refresh: the same bar on every page, all of it in the address.

import { useState } from "preact/hooks";
import { refresh, useAsOf } from "../clock";
import { valueNamed } from "../pure/conditions";
import { stamp } from "../pure/times";
import { useQuery } from "../query";
import { change, useRoute } from "../router";
import type { View } from "../view";
import { Popover } from "./popover";
import { RangePicker, rangeLabel } from "./range_picker";

/** As many values as are asked for; null, which cannot be chosen, may be one of them. */
export const MOST_CHOICES = 1000;

export interface Choice {
  value: string;
  count?: number;
}
export interface Dimension {
  name: string;
  label: string;
  /** What there is to choose from, asked for when the menu opens. */
  choices: (signal: AbortSignal) => Promise<Choice[]>;
  /** Whether only one may be chosen. */
  single?: boolean;
}

interface Props {
  view: View;
  fallback: string;
  dimensions: Dimension[];
  loading?: boolean;
  hasRange?: boolean;
}

export function FilterBar({ view, fallback, dimensions, loading, hasRange = true }: Props) {
  const { query } = useRoute();
  const [day, clock] = stamp(useAsOf(), view.zone).split(" ");
  const isLive = query.get("live") === "1";
  const chips = dimensions.flatMap((each) =>
    query.getAll(each.name).map((value) => ({ each, value })),
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: `search` is not known to all browsers yet.
    <div class="filterbar" role="search" aria-label="Time range and filters">
      {hasRange && <RangePicker view={view} fallback={fallback} />}
      {hasRange && view.isOdd && (
        <span class="warn" role="alert">
          ⚠ The address names a time that cannot be read. Shown instead: {rangeLabel(view)}.
        </span>
      )}
      {dimensions.map((each) => (
        <FilterMenu key={each.name} dimension={each} view={view} />
      ))}
      <ul class="chips">
        {chips.map(({ each, value }) => (
          <li key={each.name + value}>
            <button
              type="button"
              class="chip"
              aria-label={`Remove filter ${each.label} ${valueNamed(value)}`}
              onClick={() =>
                change({ [each.name]: query.getAll(each.name).filter((other) => other !== value) })
              }
            >
              <span class="note">{each.label}</span> {valueNamed(value)}{" "}
              <span aria-hidden="true">✕</span>
            </button>
          </li>
        ))}
      </ul>
      <span class="push" />
      <span class="note asof" title="Relative ranges end here">
        as of <span class="printed">{day} </span>
        {clock} <span class="printed">{view.zone === "utc" ? "UTC" : "local"}</span>
      </span>
      <span class="busy" data-on={loading} aria-hidden="true" />
      <button type="button" class="quiet" onClick={refresh} title="Load anew">
        Refresh
      </button>
      <button
        type="button"
        class="quiet live"
        aria-pressed={isLive}
        title="Load anew every 5 seconds"
        onClick={() => change({ live: isLive ? null : "1" }, true)}
      >
        Live
      </button>
    </div>
  );
}

function FilterMenu({ dimension, view }: { dimension: Dimension; view: View }) {
  return (
    <Popover
      name={`Filter by ${dimension.label}`}
      label={
        <>
          {dimension.label} <span aria-hidden="true">▾</span>
        </>
      }
    >
      {() => <Choices dimension={dimension} view={view} />}
    </Popover>
  );
}

function has({ value }: Choice, sought: string): boolean {
  return value.toLowerCase().includes(sought.toLowerCase());
}

function Choices({ dimension, view }: { dimension: Dimension; view: View }) {
  const [sought, setSought] = useState("");
  const chosen = view.route.query.getAll(dimension.name);
  const key = `${dimension.name} ${view.window?.from} ${view.window?.to}`;
  const { data, error } = useQuery(key, dimension.choices, dimension.name);
  const missing = chosen.filter((value) => !data?.some((each) => each.value === value));
  const known = data ?? [];
  // Where not all choices are listed, as there are too many, one can still name one.
  const isPart = error !== null || known.length >= MOST_CHOICES - 1;
  const isNew = !chosen.includes(sought) && known.every((each) => each.value !== sought);
  const isFound = known.some((each) => has(each, sought));
  const typed = sought && isNew && (isPart || !isFound) ? [sought] : [];
  const choices = [...[...missing, ...typed].map((value): Choice => ({ value })), ...known];
  const shown = choices.filter((each) => has(each, sought));
  const toggle = (value: string) => {
    const others = dimension.single ? [] : chosen.filter((each) => each !== value);
    change({ [dimension.name]: chosen.includes(value) ? others : [...others, value] });
  };
  return (
    <>
      {(choices.length > 8 || error) && (
        <input
          type="search"
          placeholder={error ? "Name one" : "Find"}
          aria-label={`Find ${dimension.label}`}
          value={sought}
          onInput={(e) => setSought(e.currentTarget.value)}
        />
      )}
      <ul class="choices scroll">
        {shown.slice(0, 100).map(({ value, count }) => (
          <li key={value}>
            <label>
              <input
                type="checkbox"
                checked={chosen.includes(value)}
                onChange={() => toggle(value)}
              />
              <span>{valueNamed(value)}</span>{" "}
              {count !== undefined && <span class="note">{count.toLocaleString("en-US")}</span>}
            </label>
          </li>
        ))}
      </ul>
      {!data && !error && <p class="note">Looking…</p>}
      {error && <p class="note">{error.message}</p>}
      {data && choices.length === 0 && <p class="note">Nothing in this window.</p>}
    </>
  );
}
