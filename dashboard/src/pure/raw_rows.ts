// Rows as their JSON text has them: a number keeps every digit, which it would lose as one of ours.

import { type Cell, Numeral } from "./csv";

export type RawRow = ReadonlyMap<string, Cell>;

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s"[\]{}:,]+/g;

/** The rows of JSON lines, as the API writes them. */
export function rawRows(text: string): RawRow[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(rawRow);
}

/** The members of one object, each with its value as it is written. */
function rawRow(line: string): RawRow {
  const members = new Map<string, Cell>();
  let depth = 0;
  let name: string | null = null;
  let begin = 0;
  for (const { 0: token, index } of line.matchAll(TOKEN)) {
    const isEnd = depth === 1 && (token === "," || token === "}");
    if (isEnd && name !== null) {
      members.set(name, cellOf(line.slice(begin, index).trim()));
      name = null;
    }
    if (depth === 1 && token === ":") begin = index + 1;
    else if (depth === 1 && name === null && token.startsWith('"')) name = JSON.parse(token);
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
  }
  return members;
}

/** Texts without their quotation marks, numbers with their digits, objects and lists as JSON. */
function cellOf(written: string): Cell {
  if (written.startsWith('"')) return JSON.parse(written) as string;
  if (written === "null") return null;
  if (written === "true" || written === "false") return written === "true";
  return /^[-\d]/.test(written) ? new Numeral(written) : written;
}

/** A cell as it is shown. */
export function cellShown(cell: Cell): string {
  return cell === null || cell === undefined ? "–" : String(cell);
}
