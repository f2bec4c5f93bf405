// The newest rows as they are stored.

import { getText } from "../../api";
import { refresh } from "../../clock";
import { Skeleton, Trouble } from "../../parts/notes";
import { Table } from "../../parts/table";
import { TakeAway } from "../../parts/take_away";
import { cellShown, type RawRow, rawRows } from "../../pure/raw_rows";
import { pathWith } from "../../pure/request";
import { useQuery } from "../../query";

const TAIL = "50";

export function Rows({ dataset, asOf }: { dataset: string; asOf: number }) {
  const path = pathWith("/user/data/get", [
    ["dataset", dataset],
    ["tail", TAIL],
    ["format", "jsonl"],
  ]);
  const { data, error } = useQuery<RawRow[]>(
    `${path} ${asOf}`,
    async (signal) => rawRows(await getText(path, signal)),
    path,
  );
  if (error)
    return <Trouble problem={error} what="The rows could not be loaded." onAgain={refresh} />;
  if (!data) return <Skeleton height={300} />;
  const rows = [...data].reverse();
  const names = ordered(rows.flatMap((row) => [...row.keys()]));
  return (
    <section class="card">
      <header>
        <span class="note">the newest {rows.length}, latest first</span>
        <TakeAway
          path={path}
          file={`${dataset}-rows`}
          table={() => ({
            header: names,
            rows: rows.map((row) => names.map((name) => row.get(name))),
          })}
        />
      </header>
      <Table
        label="Newest rows"
        class="data tall"
        columns={names.map((name) => ({
          name,
          cell: (row: RawRow) => cellShown(row.get(name)),
        }))}
        rows={rows}
        keyOf={(row, at) => `${cellShown(row.get("_meta_ts"))} ${at}`}
      />
    </section>
  );
}

/** All keys there are, in the order of their first row; the server's own last. */
export function columns(rows: Record<string, unknown>[]): string[] {
  return ordered(rows.flatMap((row) => Object.keys(row)));
}

function ordered(names: string[]): string[] {
  const all = [...new Set(names)];
  const isOwn = (name: string) => name.startsWith("_meta_");
  return [...all.filter((name) => !isOwn(name)), ...all.filter(isOwn)];
}
