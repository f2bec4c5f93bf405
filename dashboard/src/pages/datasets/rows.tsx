// The newest rows as they are stored.

import { get, pathWith } from "../../api";
import { Skeleton, Trouble } from "../../parts/notes";
import { Scroll } from "../../parts/scroll";
import { TakeAway } from "../../parts/take_away";
import type { Cell } from "../../pure/csv";
import { useQuery } from "../../query";

const TAIL = "50";
type Row = Record<string, unknown>;

export function Rows({ dataset, asOf }: { dataset: string; asOf: number }) {
  const path = pathWith("/user/data/get", [
    ["dataset", dataset],
    ["tail", TAIL],
  ]);
  const { data, error } = useQuery<{ data: Row[] }>(
    `${path} ${asOf}`,
    (signal) => get(path, signal),
    path,
  );
  if (error) return <Trouble problem={error} what="The rows could not be loaded." />;
  if (!data) return <Skeleton height={300} />;
  const rows = [...data.data].reverse();
  const names = columns(rows);
  return (
    <section class="card">
      <header>
        <span class="note">the newest {rows.length}, latest first</span>
        <TakeAway
          path={path}
          file={`${dataset}-rows`}
          table={() => ({
            header: names,
            rows: rows.map((row) => names.map((name) => text(row[name]))),
          })}
        />
      </header>
      <Scroll label="Newest rows" class="data tall">
        <table>
          <thead>
            <tr>
              {names.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={`${String(row._meta_ts)} ${at}`}>
                {names.map((name) => (
                  <td key={name}>{text(row[name]) ?? "–"}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

/** All keys there are, in the order of their first row; the server's own last. */
export function columns(rows: Row[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const isOwn = (name: string) => name.startsWith("_meta_");
  return [...names.filter((name) => !isOwn(name)), ...names.filter(isOwn)];
}

function text(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return typeof value === "object" ? JSON.stringify(value) : (value as Cell);
}
