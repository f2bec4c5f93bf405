// One side: which runs it is made of.

import type { SideAnswer } from "../../api_types";
import { USAGE_FILTERS } from "../../filters";
import { newestRuns, valuesOf } from "../../parts/dimensions";
import { Popover } from "../../parts/popover";
import { CONDITION, counted, valueNamed } from "../../pure/conditions";
import { amount } from "../../pure/format";
import { SIDE_FILTERS, type Side } from "../../pure/sides";
import { fromField, stamp, toField } from "../../pure/times";
import { query } from "../../pure/window";
import { useQuery } from "../../query";
import { change } from "../../router";
import type { View } from "../../view";

interface Props {
  side: Side;
  view: View;
  stats: SideAnswer | null;
}

export function SideCard({ side, view, stats }: Props) {
  const own = { [`${side.name}_from`]: null, [`${side.name}_to`]: null };
  const when = (value: string) =>
    value === "own"
      ? change({
          [`${side.name}_from`]: new Date(side.window.from).toISOString(),
          [`${side.name}_to`]: new Date(side.window.to).toISOString(),
        })
      : change({ ...own, [`${side.name}_when`]: value });
  return (
    <section class={`card side side-${side.name}`} aria-label={`Side ${side.name.toUpperCase()}`}>
      <header class="row">
        <h2>
          <i class="swatch" style={{ background: `var(--side-${side.name})` }} />
          {side.name.toUpperCase()}
        </h2>
        <span class="note">{stats ? amount(stats.runs, "run") : ""}</span>
      </header>
      <div class="row">
        <label class="inline">
          <span class="hidden">Window of {side.name.toUpperCase()}</span>
          <select value={side.when} onChange={(event) => when(event.currentTarget.value)}>
            <option value="this">the window above</option>
            <option value="before">the one before it</option>
            <option value="own">its own window</option>
          </select>
        </label>
        {SIDE_FILTERS.map((name) => (
          <SideFilter
            key={name}
            side={side}
            name={name}
            label={name === CONDITION ? "Conditions" : USAGE_FILTERS[name]}
            view={view}
          />
        ))}
      </div>
      {side.when === "own" && <OwnWindow side={side} view={view} />}
      <p class="note">
        {stamp(side.window.from, view.zone)} – {stamp(side.window.to, view.zone)}
      </p>
    </section>
  );
}

function OwnWindow({ side, view }: { side: Side; view: View }) {
  const set = (end: "from" | "to") => (event: { currentTarget: { value: string } }) => {
    const ms = fromField(event.currentTarget.value, view.zone);
    if (ms !== null) change({ [`${side.name}_${end}`]: new Date(ms).toISOString() }, true);
  };
  return (
    <div class="row">
      <label>
        From
        <input
          type="datetime-local"
          value={toField(side.window.from, view.zone)}
          onChange={set("from")}
        />
      </label>
      <label>
        To
        <input
          type="datetime-local"
          value={toField(side.window.to, view.zone)}
          onChange={set("to")}
        />
      </label>
    </div>
  );
}

function SideFilter({
  side,
  name,
  label,
  view,
}: {
  side: Side;
  name: string;
  label: string;
  view: View;
}) {
  const chosen = side.filters.filter(([filter]) => filter === name).map(([, value]) => value);
  const shownAs =
    chosen.length === 0
      ? label
      : chosen.length === 1
        ? valueNamed(chosen[0])
        : `${label}: ${chosen.length}`;
  const toggle = (value: string) =>
    change({
      [`${side.name}_${name}`]: chosen.includes(value)
        ? chosen.filter((each) => each !== value)
        : [...chosen, value],
    });
  return (
    <Popover
      name={`${label} of ${side.name.toUpperCase()}`}
      label={
        <>
          {shownAs} <span aria-hidden="true">▾</span>
        </>
      }
      class={chosen.length ? "chosen" : ""}
    >
      {() => <Values side={side} name={name} chosen={chosen} zone={view.zone} onToggle={toggle} />}
    </Popover>
  );
}

interface ValuesProps {
  side: Side;
  name: string;
  chosen: string[];
  zone: string;
  onToggle: (value: string) => void;
}

function Values({ side, name, chosen, onToggle }: ValuesProps) {
  const times = query(side.window);
  const key = `${name} ${times.join()}`;
  const { data, error } = useQuery<string[]>(key, (signal) => valuesIn(times, name, signal), key);
  const all = [...new Set([...chosen, ...(data ?? [])])];
  return (
    <ul class="choices">
      {all.map((value) => (
        <li key={value}>
          <label>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={() => onToggle(value)}
            />
            <span>{valueNamed(value)}</span>
          </label>
        </li>
      ))}
      {all.length === 0 && (
        <li class="note">{error ? error.message : data ? "Nothing in its window." : "Looking…"}</li>
      )}
    </ul>
  );
}

async function valuesIn(
  times: [string, string][],
  name: string,
  signal: AbortSignal,
): Promise<string[]> {
  if (name === CONDITION) return counted(await newestRuns(times, signal)).map(({ value }) => value);
  const found = await valuesOf(name, times, String(366 * 86_400), signal);
  return found.map(({ value }) => value);
}
