// RFC 4180 both ways: tables to download, files to upload.

export type Cell = string | number | boolean | Numeral | null | undefined;

/** A number as it is written, every digit. */
export class Numeral {
  constructor(readonly digits: string) {}

  toString(): string {
    return this.digits;
  }
}

// What a spreadsheet takes for a formula, also behind what it passes over.
const IS_RUN = /^'*(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@])/u;

/** Text of a table; cells that a spreadsheet would run get a leading quote. */
export function toCsv(header: string[], rows: Cell[][]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const guarded = IS_RUN.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** One record and the line of the file that it begins on. */
export interface Record_ {
  line: number;
  cells: string[];
  /** Whether the text ended inside quotation marks that began here. */
  isOpen?: boolean;
}

/** The records of a CSV text; blank lines are left out. */
export function readCsv(text: string, delimiter = ","): Record_[] {
  const records: Record_[] = [];
  let cells: string[] = [];
  let current = "";
  let quoted = false;
  let line = 1;
  let begins = 1;
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const end = () => {
    cells.push(current);
    if (cells.length > 1 || cells[0] !== "") records.push({ line: begins, cells });
    cells = [];
    current = "";
  };
  for (let at = 0; at < body.length; at++) {
    const char = body[at] as string;
    if (char === "\n") line++;
    if (quoted) {
      if (char !== '"') current += char;
      else if (body[at + 1] === '"') {
        current += '"';
        at++;
      } else quoted = false;
    } else if (char === '"' && current === "") quoted = true;
    else if (char === delimiter) {
      cells.push(current);
      current = "";
    } else if (char === "\n" || char === "\r") {
      if (char === "\r" && body[at + 1] === "\n") {
        at++;
        line++;
      }
      end();
      begins = line;
    } else current += char;
  }
  if (current !== "" || cells.length || quoted) end();
  const last = records.at(-1);
  if (quoted && last) last.isOpen = true;
  return records;
}
