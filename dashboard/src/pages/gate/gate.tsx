// Is what the filters show worse than a baseline? One verdict, and each device and metric.

import { useMemo } from "preact/hooks";
import { all, post } from "../../api";
import type { BaselineAnswer, GateAnswer, GateSeries } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { Ago } from "../../parts/ago";
import { Copy } from "../../parts/copy";
import { usageDimensions } from "../../parts/dimensions";
import { FilterBar } from "../../parts/filter_bar";
import { useFirst } from "../../parts/first";
import { Link } from "../../parts/link";
import { Empty, Skeleton, Trouble } from "../../parts/notes";
import { StatusPill } from "../../parts/status_pill";
import { type Column, Table } from "../../parts/table";
import { gateCommand } from "../../pure/commands";
import { metricNamed } from "../../pure/comparing";
import { curlOf } from "../../pure/curl";
import { amount, exact, shown } from "../../pure/format";
import { details, type Line, matrix, means, sideBody } from "../../pure/gating";
import { stamp, type Zone } from "../../pure/times";
import { useQuery } from "../../query";
import { change } from "../../router";
import { useView } from "../../view";
import { Conditions } from "../compare/conditions";

const RANGE = "24h";
const METRICS = ["latency_ms", "ttft_ms", "tok_s"];

export function Gate() {
  const view = useView(RANGE);
  const asOf = useAsOf();
  const baselines = useQuery(`baselines ${asOf}`, (signal) =>
    all<BaselineAnswer>("/usage/baselines", [], 500, signal),
  );
  const wanted = view.route.query.get("baseline");
  const known = baselines.data?.data ?? [];
  // One that the address names and that is gone has no other in its place.
  const baseline = wanted === null ? known[0] : known.find((each) => each.name === wanted);
  const isGone = wanted !== null && !baseline && known.length > 0;
  const tolerance = toleranceOf(view.route.query.get("tolerance"));
  const body = view.window &&
    baseline && {
      baseline: baseline.name,
      candidate: sideBody(view.asked, view.window),
      rules: METRICS.map((metric) => ({ metric, max_regression_pct: tolerance })),
    };
  const key = body ? JSON.stringify(body) : null;
  const found = useQuery<GateAnswer>(
    key && `${key} ${asOf}`,
    (signal) => post("/usage/gate", body, signal),
    key ?? "",
  );
  const dimensions = useMemo(() => usageDimensions(view), [view]);
  return (
    <>
      <FilterBar view={view} fallback={RANGE} dimensions={dimensions} loading={found.loading} />
      <header class="row">
        <h1>Gate</h1>
        {found.data && <StatusPill status={found.data.verdict} />}
        <span class="push" />
        {body && (
          <>
            <Copy
              text={() => curlOf(location.origin, "/usage/gate", { method: "POST", json: body })}
              label="curl"
              title="Copy the request as curl"
            />
            {view.range && (
              <Copy
                text={() => gateCommand(body, view.range as string)}
                label="command"
                title="Copy the command evalyard for it"
              />
            )}
          </>
        )}
        {found.data && (
          <Copy text={() => found.data?.markdown ?? ""} label="Copy as Markdown" class="" />
        )}
      </header>
      {(baseline || isGone) && (
        <div class="row">
          <label class="inline">
            These runs against{" "}
            <select
              value={baseline?.name ?? ""}
              onChange={(event) => change({ baseline: event.currentTarget.value })}
            >
              {isGone && <option value="">{wanted} (gone)</option>}
              {known.map(({ name, version }) => (
                <option key={name} value={name}>
                  {name} (version {version})
                </option>
              ))}
            </select>
          </label>
          <label class="inline">
            may be worse by{" "}
            <input
              type="number"
              min="0"
              max="1000"
              step="any"
              size={4}
              value={tolerance}
              onChange={(event) => change({ tolerance: event.currentTarget.value })}
            />{" "}
            %
          </label>
          {baseline && <Kept baseline={baseline} zone={view.zone} />}
        </div>
      )}
      {baselines.error && (
        <Trouble
          problem={baselines.error}
          what="The baselines could not be loaded."
          onAgain={refresh}
        />
      )}
      {!baselines.data && !baselines.error && <Skeleton height={240} />}
      {baselines.data && known.length === 0 && <NoBaselines />}
      {isGone && (
        <Empty title={`There is no baseline ${wanted}`}>
          <p>It was deleted, or never set. Choose another one above.</p>
        </Empty>
      )}
      {found.error && (
        <Trouble problem={found.error} what="The gate could not be asked." onAgain={refresh} />
      )}
      {body && !found.data && !found.error && <Skeleton height={240} />}
      {found.data && <Found gate={found.data} />}
    </>
  );
}

/** What the baseline is of, and how it came about. */
function Kept({ baseline, zone }: { baseline: BaselineAnswer; zone: Zone }) {
  const { from, to } = baseline.window;
  return (
    <p class="note wrap">
      <Link to={["baselines", baseline.name]}>{amount(baseline.runs, "run")}</Link>,{" "}
      {stamp(Date.parse(from), zone)} – {stamp(Date.parse(to), zone)}; set{" "}
      <Ago at={baseline.set_at} /> by {baseline.set_by}: {baseline.reason}
    </p>
  );
}

function NoBaselines() {
  return (
    <Empty title="There is no baseline yet">
      <p>A gate compares with figures that you keep under a name.</p>
      <p>
        <Link to={["baselines"]}>Set a baseline</Link>
      </p>
    </Empty>
  );
}

const SAID: Record<GateAnswer["verdict"], string> = {
  fail: "Somewhere it is surely worse than tolerated.",
  pass: "Everywhere it is surely no worse than tolerated.",
  inconclusive: "These runs do not decide it.",
  no_data: "A series of the baseline has too few runs here.",
  not_comparable: "It was not measured under the same conditions.",
};

function Found({ gate }: { gate: GateAnswer }) {
  const { metrics, lines } = matrix(gate.series);
  const first = useFirst(lines);
  return (
    <>
      <p data-verdict={gate.verdict}>{SAID[gate.verdict]}</p>
      {gate.conditions_diff.length > 0 && <Conditions conditions={gate.conditions_diff} />}
      <section class="card">
        <h2>Each series</h2>
        <Table<Line>
          label="Each series"
          isStack
          columns={[
            { name: "Group", isHeading: true, phone: "whole", cell: (line) => line.name },
            ...metrics.map(
              (metric): Column<Line> => ({
                name: metricNamed(metric),
                id: metric,
                class: "gate",
                cell: (line) => <Cell series={line.cells.get(metric)} />,
              }),
            ),
          ]}
          rows={first.rows}
          keyOf={(line) => line.id}
          empty="Nothing could be compared."
        />
        {first.more}
      </section>
    </>
  );
}

function Cell({ series }: { series: GateSeries | undefined }) {
  if (!series) return <span class="note">–</span>;
  const [first, ...rest] = details(series);
  const every = `${exact(series.a)} → ${exact(series.b)}, n = ${series.n_a}, ${series.n_b}`;
  return (
    <span class="series" title={every} data-series={series.verdict}>
      <StatusPill status={series.verdict} />
      {first && <strong>{first}</strong>}
      <span class="note">{means(series)}</span>
      {rest.map((line) => (
        <span key={line} class="note">
          {line}
        </span>
      ))}
      {series.q_value !== null && <span class="note">q = {shown(series.q_value, "")}</span>}
    </span>
  );
}

function toleranceOf(text: string | null): number {
  const value = Number(text);
  return text !== null && text !== "" && Number.isFinite(value) && value >= 0 ? value : 5;
}
