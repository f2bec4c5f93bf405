// An adapter while it is edited, and what the rows suggest for it.

import type { ExtraField, SavedAdapter } from "../api_types";

export type AdapterDraft = Omit<SavedAdapter, "version" | "updated_at" | "backfill">;

export const STANDARD = [
  ["x_field", "Time"],
  ["device_field", "Device"],
  ["model_field", "Model"],
  ["prompt_tokens_field", "Prompt tokens"],
  ["completion_tokens_field", "Completion tokens"],
  ["latency_ms_field", "Latency (ms)"],
  ["ttft_ms_field", "TTFT (ms)"],
] as const;
export const OPTIONAL = [
  ["tag_field", "Tag"],
  ["ok_field", "Succeeded"],
  ["tok_s_field", "tok/s"],
  ["job_id_field", "Job id"],
  ["prompt_preview_field", "Prompt preview"],
] as const;

export type TimeUnit = NonNullable<AdapterDraft["units"]["latency_ms"]>;
export const TIME_UNITS: TimeUnit[] = ["ns", "us", "ms", "s", "min"];
export const TIMES = [
  ["latency_ms", "Unit of latency"],
  ["ttft_ms", "Unit of TTFT"],
] as const;

export function newAdapter(dataset: string): AdapterDraft {
  return {
    dataset,
    enabled: true,
    x_field: "ts",
    device_field: "device",
    model_field: "model",
    prompt_tokens_field: "prompt_tokens",
    completion_tokens_field: "completion_tokens",
    latency_ms_field: "latency_ms",
    ttft_ms_field: "ttft_ms",
    tag_field: null,
    ok_field: null,
    tok_s_field: null,
    job_id_field: null,
    prompt_preview_field: null,
    extra_fields: [],
    units: {},
    ok_values: null,
  };
}

/** What the API takes: only the members of an adapter, whatever came along when it was read. */
export function bodyOf(adapter: AdapterDraft): AdapterDraft {
  const names = Object.keys(newAdapter("")) as (keyof AdapterDraft)[];
  return Object.fromEntries(names.map((name) => [name, adapter[name]])) as unknown as AdapterDraft;
}

/** The words of a list with commas, each once; none where nothing is written. */
export function wordsOf(text: string): string[] | null {
  const words = text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
  return words.length ? [...new Set(words)] : null;
}

/** Number fields of the rows that the adapter does not name yet. */
export function suggestions(rows: Record<string, unknown>[], adapter: AdapterDraft): string[] {
  const taken = new Set<unknown>([
    ...[...STANDARD, ...OPTIONAL].map(([name]) => adapter[name]),
    ...adapter.extra_fields.map((extra) => extra.field),
  ]);
  const found = rows.flatMap((row) =>
    Object.entries(row)
      .filter(([, value]) => typeof value === "number")
      .map(([name]) => name),
  );
  return [...new Set(found)].filter((name) => !taken.has(name) && !name.startsWith("_meta_"));
}

/** A label for a field: `gpu_power_w` → `Gpu power (W)`. */
export function extraFor(field: string): ExtraField {
  const units: Record<string, string> = {
    w: "W",
    pct: "%",
    c: "°C",
    ms: "ms",
    s: "s",
    mb: "MB",
    v: "V",
    ma: "mA",
  };
  const words = field.split(/[._\s-]+/).filter(Boolean);
  const unit = words.length > 1 ? units[(words.at(-1) ?? "").toLowerCase()] : undefined;
  const name = (unit ? words.slice(0, -1) : words).join(" ");
  const label = name.charAt(0).toUpperCase() + name.slice(1);
  return {
    label: unit ? `${label} (${unit})` : label,
    field,
    kind: "number",
    unit: unit ?? null,
    better: null,
    scale: 1,
  };
}
