// Is B better than A? By window, model, device or tag; with an interval, and what else differs.

import { useMemo } from "preact/hooks";
import { get } from "../../api";
import type { CompareAnswer } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { Copy } from "../../parts/copy";
import { usageDimensions } from "../../parts/dimensions";
import { FilterBar } from "../../parts/filter_bar";
import { Empty, Skeleton, Trouble } from "../../parts/notes";
import { TakeAway } from "../../parts/take_away";
import { markdown, sorted, tally } from "../../pure/comparing";
import { pathWith } from "../../pure/request";
import { formatRoute, withQuery } from "../../pure/route";
import { labelOf, SIDE_FILTERS, type Side, sideOf, sideQuery } from "../../pure/sides";
import { stamp } from "../../pure/times";
import { query } from "../../pure/window";
import { useQuery } from "../../query";
import { useView, type View } from "../../view";
import { Conditions } from "./conditions";
import { Distributions } from "./distributions";
import { SideCard } from "./side_card";
import { VerdictCard } from "./verdict_card";

const RANGE = "7d";

export function Compare() {
  const view = useView(RANGE);
  const asOf = useAsOf();
  const page = view.window ?? { from: 0, to: 0 };
  const sides = { a: sideOf(view.route.query, "a", page), b: sideOf(view.route.query, "b", page) };
  const shared = view.asked.filter(([name]) => name !== "from" && name !== "to");
  const path = pathWith("/usage/compare", [
    ...shared,
    ...sideQuery(sides.a),
    ...sideQuery(sides.b),
  ]);
  const found = useQuery<CompareAnswer>(
    `${path} ${asOf}`,
    (signal) => get(path, signal),
    view.route.query.toString(),
  );
  const dimensions = useMemo(
    () => usageDimensions(view).filter(({ name }) => !onBothSides(sides.a, sides.b, name)),
    [view],
  );
  const isSame = String(sideQuery(sides.a, "")) === String(sideQuery(sides.b, ""));
  const hasBoth = !isSame && Boolean(found.data?.a.runs && found.data.b.runs);
  const utc = (ms: number) => `${stamp(ms, "utc")} UTC`;
  const labels = { a: labelOf(sides.a, utc), b: labelOf(sides.b, utc) };
  return (
    <>
      <FilterBar view={view} fallback={RANGE} dimensions={dimensions} loading={found.loading} />
      <header class="row">
        <h1>Compare</h1>
        {found.data && hasBoth && (
          <span class="note" data-tally>
            {tally(found.data.metrics)}
          </span>
        )}
        <span class="push" />
        {found.data && hasBoth && (
          <>
            <Copy
              text={() => markdown(found.data as CompareAnswer, labels, fixed(view, sides))}
              label="Copy as Markdown"
              class=""
            />
            <TakeAway
              path={path}
              file="evalyard-comparison"
              table={() => tableOf(found.data as CompareAnswer)}
              address={() => fixed(view, sides)}
            />
          </>
        )}
      </header>
      <div class="grid sides">
        <SideCard side={sides.a} view={view} stats={found.data?.a ?? null} />
        <SideCard side={sides.b} view={view} stats={found.data?.b ?? null} />
      </div>
      {found.error && (
        <Trouble
          problem={found.error}
          what="These sides could not be compared."
          onAgain={refresh}
        />
      )}
      {!found.data && !found.error && <Skeleton height={300} />}
      {found.data && isSame && (
        <Empty title="A and B are the same runs">
          <p>Choose another window, model, device, tag or dataset for one of them.</p>
        </Empty>
      )}
      {found.data && !isSame && <Found comparison={found.data} sides={sides} shared={shared} />}
    </>
  );
}

/** The address of this comparison that shows the same tomorrow: its windows do not move. */
function fixed(view: View, sides: { a: Side; b: Side }): string {
  const ends = ([sides.a, sides.b] as const).flatMap(({ name, window }) => [
    [`${name}_from`, new Date(window.from).toISOString()],
    [`${name}_to`, new Date(window.to).toISOString()],
  ]);
  const page = Object.fromEntries(query(view.window));
  const changes = { ...page, ...Object.fromEntries(ends), range: null, live: null };
  const address = formatRoute(view.route.path, withQuery(view.route, changes));
  return new URL(address, location.href).href;
}

function onBothSides(a: Side, b: Side, name: string): boolean {
  const has = (side: Side) => side.filters.some(([filter]) => filter === name);
  return (SIDE_FILTERS as readonly string[]).includes(name) && has(a) && has(b);
}

interface FoundProps {
  comparison: CompareAnswer;
  sides: { a: Side; b: Side };
  shared: [string, string][];
}

function Found({ comparison, sides, shared }: FoundProps) {
  const { a, b } = comparison;
  if (!a.runs || !b.runs)
    return (
      <Empty
        title={`There are no runs on side ${!a.runs && !b.runs ? "A or B" : a.runs ? "B" : "A"}`}
      >
        <p>Choose another window for it, or take a filter away.</p>
      </Empty>
    );
  return (
    <>
      <Conditions conditions={comparison.conditions_diff} />
      <section class="verdicts" aria-label="Verdicts">
        {sorted(comparison.metrics).map((metric) => (
          <VerdictCard key={metric.metric} metric={metric} minPct={comparison.min_effect_pct} />
        ))}
      </section>
      <Distributions comparison={comparison} sides={sides} shared={shared} />
    </>
  );
}

function tableOf(found: CompareAnswer) {
  const header = [
    "metric",
    "unit",
    "better",
    "a",
    "b",
    "n_a",
    "n_b",
    "delta",
    "delta_pct",
    "p_value",
    "verdict",
  ] as const;
  return {
    header: [...header, "ci95_low", "ci95_high"],
    rows: found.metrics.map((metric) => [
      ...header.map((name) => metric[name]),
      ...(metric.ci95 ?? [null, null]),
    ]),
  };
}
