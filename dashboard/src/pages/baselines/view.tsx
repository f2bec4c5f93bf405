// One baseline: what it is of, and how it became what it is.

import { useState } from "preact/hooks";
import { get, Problem, remove } from "../../api";
import type { BaselineDetailAnswer, BaselineVersionAnswer } from "../../api_types";
import { refresh, useAsOf } from "../../clock";
import { Ago } from "../../parts/ago";
import { Dialog } from "../../parts/dialog";
import { useFirst } from "../../parts/first";
import { Link } from "../../parts/link";
import { Skeleton, Trouble } from "../../parts/notes";
import { type Column, Table } from "../../parts/table";
import { spoken } from "../../pure/conditions";
import { shown } from "../../pure/format";
import { linkTo, zoneOf } from "../../pure/route";
import { stamp } from "../../pure/times";
import { useQuery } from "../../query";
import { go, useRoute } from "../../router";

const COLUMNS: Column<BaselineVersionAnswer>[] = [
  { name: "Version", isHeading: true, cell: ({ version }) => version },
  { name: "Reason", isText: true, class: "wrap", phone: "whole", cell: ({ reason }) => reason },
  { name: "Runs", cell: ({ runs }) => shown(runs, "runs") },
  { name: "Set by", isText: true, cell: ({ set_by }) => set_by },
  { name: "Set", cell: ({ set_at }) => <Ago at={set_at} /> },
];

export function BaselineView({ id }: { id: string }) {
  const asOf = useAsOf();
  const path = `/usage/baselines/${encodeURIComponent(id)}`;
  const { data, error } = useQuery<BaselineDetailAnswer>(
    `${path} ${asOf}`,
    (signal) => get(path, signal),
    path,
  );
  const [deleting, setDeleting] = useState(false);
  const first = useFirst(data?.history ?? []);
  return (
    <>
      <header class="row">
        <h1>{id}</h1>
        <span class="push" />
        <Link to={["gate"]} extra={{ baseline: id }}>
          Compare with it
        </Link>
        <button type="button" onClick={() => setDeleting(true)}>
          Delete
        </button>
      </header>
      {error && (
        <Trouble problem={error} what="The baseline could not be loaded." onAgain={refresh} />
      )}
      {!data && !error && <Skeleton height={200} />}
      {data && <Facts baseline={data} />}
      {data && (
        <section class="card">
          <h2>History</h2>
          <Table
            label="History"
            isNumbers
            isStack
            columns={COLUMNS}
            rows={first.rows}
            keyOf={({ version }) => String(version)}
          />
          {first.more}
        </section>
      )}
      {deleting && <Delete name={id} path={path} onClose={() => setDeleting(false)} />}
    </>
  );
}

function Facts({ baseline }: { baseline: BaselineDetailAnswer }) {
  const zone = zoneOf(useRoute());
  const filters = Object.entries(baseline.filters).map(
    ([name, values]) => `${spoken(name)}: ${values.map(String).join(", ")}`,
  );
  const rows: [string, string][] = [
    ["Version", String(baseline.version)],
    ["Runs", shown(baseline.runs, "runs")],
    ["Groups", `${baseline.series}, by ${baseline.by.map(spoken).join(" and ") || "nothing"}`],
    ["Filters", filters.join("; ") || "none"],
    [
      "Window",
      `${stamp(Date.parse(baseline.window.from), zone)} – ${stamp(Date.parse(baseline.window.to), zone)}`,
    ],
    ["Reason", baseline.reason],
  ];
  return (
    <section class="card">
      <h2>In force</h2>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="wrap">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Delete({ name, path, onClose }: { name: string; path: string; onClose: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const route = useRoute();
  const confirm = async () => {
    try {
      await remove(path);
      go(linkTo(["baselines"], route));
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, "broken", String(error)));
    }
  };
  return (
    <Dialog title={`Delete ${name}?`} onClose={onClose}>
      <p>Its figures and its history go; runs stay.</p>
      {problem && <Trouble problem={problem} what="It could not be deleted." />}
      <p class="row">
        <button type="button" class="primary" onClick={confirm}>
          Delete
        </button>
        <button type="button" onClick={onClose}>
          Keep
        </button>
      </p>
    </Dialog>
  );
}
