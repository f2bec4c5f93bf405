// Baselines: figures that are kept under a name. Set from what the filters show.

import { useMemo, useState } from "preact/hooks";
import { all, Problem, put } from "../../api";
import type { BaselineAnswer } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { Ago } from "../../parts/ago";
import { Copy } from "../../parts/copy";
import { usageDimensions } from "../../parts/dimensions";
import { FilterBar } from "../../parts/filter_bar";
import { useFirst } from "../../parts/first";
import { Link } from "../../parts/link";
import { Skeleton, Trouble } from "../../parts/notes";
import { type Column, Table } from "../../parts/table";
import { baselineCommand } from "../../pure/commands";
import { spoken } from "../../pure/conditions";
import { curlOf } from "../../pure/curl";
import { amount, shown } from "../../pure/format";
import { sideBody } from "../../pure/gating";
import type { TimeWindow } from "../../pure/window";
import { useQuery } from "../../query";
import { useView, type View } from "../../view";

const RANGE = "7d";

const COLUMNS: Column<BaselineAnswer>[] = [
  {
    name: "Name",
    isHeading: true,
    phone: "whole",
    cell: ({ name }) => <Link to={["baselines", name]}>{name}</Link>,
  },
  { name: "Version", cell: ({ version }) => version },
  { name: "Runs", cell: ({ runs }) => shown(runs, "runs") },
  { name: "By", isText: true, class: "wrap", cell: ({ by }) => by.map(spoken).join(", ") || "all" },
  { name: "Reason", isText: true, class: "wrap", phone: "whole", cell: ({ reason }) => reason },
  { name: "Set by", isText: true, cell: ({ set_by }) => set_by },
  { name: "Set", cell: ({ set_at }) => <Ago at={set_at} /> },
];

export function BaselineList() {
  const view = useView(RANGE);
  const asOf = useAsOf();
  const found = useQuery(`baselines ${asOf}`, (signal) =>
    all<BaselineAnswer>("/usage/baselines", [], 500, signal),
  );
  const dimensions = useMemo(() => usageDimensions(view), [view]);
  const first = useFirst(found.data?.data ?? []);
  return (
    <>
      <FilterBar view={view} fallback={RANGE} dimensions={dimensions} loading={found.loading} />
      <header class="row">
        <h1>Baselines</h1>
        <span class="push" />
        <Link to={["gate"]}>Compare with one</Link>
      </header>
      <SetBaseline view={view} known={found.data?.data ?? []} />
      {found.error && (
        <Trouble
          problem={found.error}
          what="The baselines could not be loaded."
          onAgain={refresh}
        />
      )}
      {!found.data && !found.error && <Skeleton height={160} />}
      {found.data && (
        <section class="card">
          <h2>Kept</h2>
          <Table
            label="Baselines"
            isNumbers
            isStack
            columns={COLUMNS}
            rows={first.rows}
            keyOf={({ name }) => name}
            about={({ name }) => ({ "data-baseline": name })}
            empty="None yet. A baseline keeps the figures of some runs, so that a gate compares with them."
          />
          {first.more}
        </section>
      )}
    </>
  );
}

const BY: [string, string][] = [
  ["device,model", "device and model"],
  ["device", "device"],
  ["model", "model"],
  ["", "all together"],
];

function SetBaseline({ view, known }: { view: View; known: BaselineAnswer[] }) {
  const [name, setName] = useState("main");
  const [reason, setReason] = useState("");
  const [by, setBy] = useState("device,model");
  const [state, setState] = useState<"idle" | "busy" | BaselineAnswer | Problem>("idle");
  const next = (known.find((each) => each.name === name)?.version ?? 0) + 1;
  const path = `/usage/baselines/${encodeURIComponent(name)}`;
  const bodyIn = (window: TimeWindow) => ({
    ...sideBody(view.asked, window),
    by: by.split(",").filter(Boolean),
    reason,
  });
  const shownBody = () => bodyIn(view.window ?? { from: 0, to: 0 });
  const save = async (event: Event) => {
    event.preventDefault();
    if (!view.window) return;
    setState("busy");
    try {
      setState(await put<BaselineAnswer>(path, bodyIn(view.window)));
      setReason("");
      refresh();
    } catch (error) {
      setState(error instanceof Problem ? error : new Problem(0, "broken", String(error)));
    }
  };
  return (
    <form class="card keep" onSubmit={save} aria-label="Set a baseline">
      <h2>Keep what the filters show</h2>
      <p class="note">
        The figures of the runs above, by group and metric: they stay, whatever becomes of the runs.
      </p>
      <div class="row">
        <label>
          Name
          <input
            required
            pattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,127}"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          Reason
          <input
            required
            maxLength={500}
            value={reason}
            placeholder="release 1.4"
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <label>
          Keep apart by
          <select value={by} onChange={(event) => setBy(event.currentTarget.value)}>
            {BY.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary" disabled={state === "busy"}>
          {next > 1 ? `Set version ${next}` : "Set"}
        </button>
        <Copy
          text={() => curlOf(location.origin, path, { method: "PUT", json: shownBody() })}
          label="curl"
          title="Copy the request as curl"
        />
        <Copy
          text={() => baselineCommand(name, shownBody())}
          label="command"
          title="Copy the command evalyard for it"
        />
      </div>
      {state instanceof Problem && (
        <Trouble problem={state} what="The baseline could not be set." />
      )}
      {typeof state === "object" && !(state instanceof Problem) && (
        <p class="good" role="status">
          ✓ {state.name} is version {state.version}, of {amount(state.runs, "run")}.
        </p>
      )}
    </form>
  );
}
