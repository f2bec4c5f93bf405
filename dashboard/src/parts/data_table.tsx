// The numbers behind a chart, every digit.

import type { Cell } from "../pure/csv";
import { stamp, type Zone } from "../pure/times";
import { Table } from "./table";

interface Props {
  header: string[];
  rows: Cell[][];
  zone: Zone;
}

const MOST = 500;

export function DataTable({ header, rows, zone }: Props) {
  const shown = (value: Cell, at: number) =>
    at === 0 ? stamp(Date.parse(String(value)), zone) : String(value ?? "–");
  return (
    <Table
      label="Data"
      class="data"
      columns={header.map((name, at) => ({ name, cell: (row: Cell[]) => shown(row[at], at) }))}
      rows={rows.slice(-MOST).reverse()}
      keyOf={(_, at) => String(at)}
    >
      {rows.length > MOST && (
        <p class="note">
          The newest {MOST} of {rows.length}; CSV has all of them.
        </p>
      )}
    </Table>
  );
}
