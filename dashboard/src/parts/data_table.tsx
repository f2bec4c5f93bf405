// The numbers behind a chart, every digit.

import type { Cell } from "../pure/csv";
import { stamp, type Zone } from "../pure/times";
import { Scroll } from "./scroll";

interface Props {
  header: string[];
  rows: Cell[][];
  zone: Zone;
}

const MOST = 500;

export function DataTable({ header, rows, zone }: Props) {
  return (
    <Scroll label="Data" class="data">
      <table>
        <thead>
          <tr>
            {header.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows
            .slice(-MOST)
            .reverse()
            .map((row) => (
              <tr key={String(row[0])}>
                {row.map((value, at) => (
                  <td key={header[at]}>
                    {at === 0 ? stamp(Date.parse(String(value)), zone) : String(value ?? "–")}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
      {rows.length > MOST && (
        <p class="note">
          The newest {MOST} of {rows.length}; CSV has all of them.
        </p>
      )}
    </Scroll>
  );
}
