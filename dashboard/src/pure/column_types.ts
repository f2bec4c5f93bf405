// What the columns of a CSV file become: numbers, booleans or text, each column as a whole, so that no
// mean is taken over half of one.

import type { AdapterDraft } from "./adapter";

/** Fields whose meaning is known, whatever their cells look like. */
export interface KnownFields {
  labels: ReadonlySet<string>;
  numbers: ReadonlySet<string>;
}

const LABELS = ["device", "model", "tag", "tenant", "job_id", "run_id", "dataset", "source_kind"];
const NUMBERS = ["prompt_tokens", "completion_tokens", "latency_ms", "ttft_ms", "tok_s"];

/** The standard names, and what the dataset's adapter calls a label or a number. */
export function knownFields(adapter: AdapterDraft | null): KnownFields {
  const named = (kind: string) =>
    (adapter?.extra_fields ?? []).filter((each) => each.kind === kind).map((each) => each.field);
  const labels = [
    ...LABELS,
    "prompt_preview",
    adapter?.device_field,
    adapter?.model_field,
    adapter?.tag_field,
    adapter?.job_id_field,
    adapter?.prompt_preview_field,
    ...named("string"),
  ];
  const numbers = [
    ...NUMBERS,
    adapter?.prompt_tokens_field,
    adapter?.completion_tokens_field,
    adapter?.latency_ms_field,
    adapter?.ttft_ms_field,
    adapter?.tok_s_field,
    ...named("number"),
  ];
  return { labels: new Set(labels.filter(isName)), numbers: new Set(numbers.filter(isName)) };
}

const isName = (name: string | null | undefined): name is string => Boolean(name);

/** A cell as JSON text; null where it is empty, which is absent. */
export type Writer = (cell: string) => string | null;

/** How the cells of a column are written, from all of them and from what its name is known for. */
export function writerOf(name: string, cells: string[], known: KnownFields): Writer {
  const filled = cells.filter((cell) => cell !== "");
  const every = (test: (cell: string) => boolean) => filled.length > 0 && filled.every(test);
  if (known.labels.has(name)) return asText;
  if (known.numbers.has(name)) return (cell) => (isNumber(cell) ? cell : asText(cell));
  return every(comesBack) || every(isBoolean) ? (cell) => cell || null : asText;
}

const asText: Writer = (cell) => (cell === "" ? null : JSON.stringify(cell));

/** A number as JSON writes it; its digits are passed on as they are. */
const isNumber = (cell: string) => /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(cell);
const isBoolean = (cell: string) => cell === "true" || cell === "false";

/** Whether a number made of the text is written as the text was: `3.10` would be `3.1`. */
const comesBack = (cell: string) => isNumber(cell) && String(Number(cell)) === cell;
