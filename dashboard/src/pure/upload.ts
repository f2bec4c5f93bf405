// A CSV or JSONL file as the batches that one request each may carry.

import { readCsv } from "./csv";

/** One row as JSON text, and the line of the file that it stands on. */
export interface Line {
  line: number;
  json: string;
}

export interface Batch {
  lines: Line[];
  body: string;
}

// Below the API's 10,000 rows and 5 MB a request.
const MAX_ROWS = 5_000;
const MAX_BYTES = 4 * 2 ** 20;

/** The rows of a file; what is no JSON stays as it is, so that the server says what is wrong. */
export function linesOf(name: string, text: string): Line[] {
  return /\.csv$/i.test(name) ? fromCsv(text) : fromJsonLines(text);
}

function fromJsonLines(text: string): Line[] {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return body
    .split("\n")
    .map((json, index) => ({ line: index + 1, json: json.replace(/\r$/, "") }))
    .filter(({ json }) => json.trim() !== "");
}

function fromCsv(text: string): Line[] {
  const [header, ...records] = readCsv(text);
  if (!header) return [];
  return records.map(({ line, cells }) => ({
    line,
    json: JSON.stringify(row(header.cells, cells)),
  }));
}

function row(names: string[], cells: string[]): Record<string, unknown> {
  const pairs = names.map((name, at): [string, unknown] => [name, value(cells[at] ?? "")]);
  return Object.fromEntries(pairs.filter(([, each]) => each !== null));
}

/** A cell as JSON: numbers and booleans as such, empty is absent. */
function value(text: string): unknown {
  if (text === "") return null;
  if (text === "true" || text === "false") return text === "true";
  // Digits that a number could not hold stay text: an id must not be rounded.
  if (/^-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d{1,2})?$/.test(text)) return Number(text);
  return text;
}

export function batchesOf(lines: Line[], maxRows = MAX_ROWS, maxBytes = MAX_BYTES): Batch[] {
  const batches: Batch[] = [];
  let current: Line[] = [];
  let size = 0;
  for (const line of lines) {
    const bytes = new TextEncoder().encode(line.json).length + 1;
    if (current.length && (current.length >= maxRows || size + bytes > maxBytes)) {
      batches.push(batch(current));
      current = [];
      size = 0;
    }
    current.push(line);
    size += bytes;
  }
  if (current.length) batches.push(batch(current));
  return batches;
}

function batch(lines: Line[]): Batch {
  return { lines, body: lines.map(({ json }) => `${json}\n`).join("") };
}
