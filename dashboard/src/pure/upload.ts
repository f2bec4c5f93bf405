// A CSV or JSONL file as the batches that one request each may carry.

import { type KnownFields, knownFields, writerOf } from "./column_types";
import { type Record_, readCsv } from "./csv";

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

const MAX_ROW_BYTES = 256 * 1024;

/** A line that is not sent, and why. */
export interface Refusal {
  line: number;
  code: string;
  detail: string;
}
export interface Contents {
  lines: Line[];
  refused: Refusal[];
}

/** The file as a whole cannot be read as rows; the message says what to do. */
export class UnreadableFile extends Error {}

/** The text of a file: UTF-8, or UTF-16 with its mark. Raises UnreadableFile. */
export function textOf(bytes: Uint8Array): string {
  const mark = `${bytes[0]} ${bytes[1]}`;
  const encoding = mark === "255 254" ? "utf-16le" : mark === "254 255" ? "utf-16be" : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below.
  }
  throw new UnreadableFile("it is not text in UTF-8; save it as UTF-8 and try again");
}

/**
 * The rows of a file. What is no JSON stays as it is, so that the server says what is wrong; what
 * cannot be sent is refused by its line. `known` says what the columns of a CSV file mean. Raises
 * UnreadableFile.
 */
export function contentsOf(name: string, text: string, known = knownFields(null)): Contents {
  const first = text.replace(/^\ufeff/, "").trimStart()[0];
  if (first === undefined) throw new UnreadableFile("it is empty");
  if (first === "[")
    throw new UnreadableFile("it is one JSON array; write one row a line, as with: jq -c '.[]'");
  const isCsv = /\.csv$/i.test(name) && first !== "{";
  return withoutHuge(isCsv ? fromCsv(text, known) : { lines: fromJsonLines(text), refused: [] });
}

function withoutHuge({ lines, refused }: Contents): Contents {
  const isHuge = ({ json }: Line) =>
    json.length > MAX_ROW_BYTES / 3 && new TextEncoder().encode(json).length > MAX_ROW_BYTES;
  const huge = lines.filter(isHuge).map(({ line }) => ({
    line,
    code: "row_too_large",
    detail: "a row has at most 256 KB",
  }));
  return { lines: lines.filter((line) => !isHuge(line)), refused: [...refused, ...huge] };
}

function fromJsonLines(text: string): Line[] {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return body
    .split("\n")
    .map((json, index) => ({ line: index + 1, json: json.replace(/\r$/, "") }))
    .filter(({ json }) => json.trim() !== "");
}

function fromCsv(text: string, known: KnownFields): Contents {
  const [header, ...records] = readCsv(text, delimiterOf(text));
  const names = header?.cells ?? [];
  checkHeader(names);
  if (records.length === 0)
    throw new UnreadableFile("it has no rows below the names of its fields");
  const faults = records.map((record) => faultOf(record, names.length));
  const refused = records.flatMap(({ line }, at) => {
    const detail = faults[at];
    return detail ? [{ line, code: "csv_malformed", detail }] : [];
  });
  const good = records.filter((_, at) => !faults[at]);
  const writers = names.map((name, at) =>
    writerOf(
      name,
      good.map(({ cells }) => cells[at] ?? ""),
      known,
    ),
  );
  const cellsOf = (cells: string[]) => writers.map((write, at) => write(cells[at] ?? ""));
  return {
    lines: good.map(({ line, cells }) => ({ line, json: row(names, cellsOf(cells)) })),
    refused,
  };
}

function faultOf({ cells, isOpen }: Record_, fields: number): string | null {
  if (isOpen) return "a quotation mark that is never closed";
  if (cells.length === fields) return null;
  return `${cells.length} cells, but the first line names ${fields} fields`;
}

/** What the first line is separated by. */
function delimiterOf(text: string): string {
  const [first = ""] = text.split(/[\r\n]/, 1);
  return [",", ";", "\t"].find((each) => first.includes(each)) ?? ",";
}

function checkHeader(names: string[]): void {
  const unnamed = names.findIndex((name) => name.trim() === "");
  if (unnamed >= 0) throw new UnreadableFile(`column ${unnamed + 1} has no name in the first line`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new UnreadableFile(`the first line names ${twice} twice; give each column its own name`);
}

/** A record as a JSON object; the cells are JSON already. */
function row(names: string[], cells: (string | null)[]): string {
  const pairs = names.map((name, at) => [JSON.stringify(name), cells[at] ?? null] as const);
  const filled = pairs.filter(([, cell]) => cell !== null);
  return `{${filled.map(([name, cell]) => `${name}:${cell}`).join(",")}}`;
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
