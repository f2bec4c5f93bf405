// What the API answers, as far as the page reads it (openapi.json has all of it).

export interface Distribution {
  n: number;
  mean: number | null;
  min: number | null;
  p50: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
  max: number | null;
  std: number | null;
}

export interface Stats {
  runs: number;
  ok: number;
  errors: number;
  error_rate: number | null;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  latency_ms: Distribution;
  ttft_ms: Distribution;
  tok_s: Distribution;
  throughput_tps: number | null;
  extra: Record<string, Distribution>;
}

export type Key = Record<string, string | null>;
export interface WindowEcho {
  from: string;
  to: string;
  bucket_s: number | null;
  partial_last_bucket: boolean;
}
export type Point = Stats & { t: string; key: Key };
export type Group = Stats & { key: Key };

export interface Summary extends Stats {
  window: WindowEcho;
  exact: boolean;
  devices: number;
  models: number;
  previous: Stats;
}

export interface Run {
  run_id: string;
  ts: number;
  device: string | null;
  model: string | null;
  tag: string | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  latency_ms: number | null;
  ttft_ms: number | null;
  tok_s: number | null;
  ok: boolean;
  job_id: string | null;
  dataset: string | null;
  source_kind: string;
  extra: Record<string, number>;
}

export interface Usage {
  window: WindowEcho;
  exact: boolean;
  total: Stats;
  series: Point[];
  breakdown: Group[];
  runs: Run[];
  extra_labels: { total: number; shown: number } | null;
}

export type Verdict = "improved" | "regressed" | "unchanged" | "inconclusive";
export type Better = "higher" | "lower" | null;
export interface MetricComparison {
  metric: string;
  extra: boolean;
  unit: string | null;
  better: Better;
  a: number | null;
  b: number | null;
  n_a: number;
  n_b: number;
  delta: number | null;
  delta_pct: number | null;
  ci95: [number, number] | null;
  p_value: number | null;
  verdict: Verdict;
  more_runs: { a: number; b: number } | null;
}
export interface Condition {
  field: string;
  a: (string | number | null)[];
  b: (string | number | null)[];
  a_count: number | null;
  b_count: number | null;
}
export type Side = Stats & { window: WindowEcho; exact: boolean };
export interface Comparison {
  a: Side;
  b: Side;
  min_effect_pct: number;
  metrics: MetricComparison[];
  conditions_diff: Condition[];
}

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
  has_more: boolean;
}

export interface Dataset {
  dataset: string;
  rows: number;
  bytes: number;
  created_at: string;
  updated_at: string;
  adapter: { enabled: boolean } | null;
}
export interface ExtraField {
  label: string;
  field: string;
  kind: "number" | "string" | "boolean";
  unit: string | null;
  better: Better;
}
export interface Adapter {
  dataset: string;
  enabled: boolean;
  x_field: string;
  device_field: string;
  model_field: string;
  prompt_tokens_field: string;
  completion_tokens_field: string;
  latency_ms_field: string;
  ttft_ms_field: string;
  tag_field: string | null;
  ok_field: string | null;
  tok_s_field: string | null;
  job_id_field: string | null;
  prompt_preview_field: string | null;
  extra_fields: ExtraField[];
}
export interface SavedAdapter extends Adapter {
  version: number;
  updated_at: string;
  backfill: { status: "running" | "done"; converted: number; skipped: number } | null;
}
export interface Fault {
  pointer: string;
  code: string;
  detail: string;
  line: number | null;
}
export interface Preview {
  runs: Record<string, unknown>[];
  errors: Fault[];
}
export interface Series {
  field: string;
  label: string;
  kind: string;
  extra: boolean;
  unit: string | null;
  better: Better;
  points: [string, number][];
  downsampled: boolean;
  summary: Distribution & { last: number | null };
}
export interface Metrics {
  dataset: string;
  window: { from: string | null; to: string | null };
  rows: number;
  x_field: string;
  adapter: SavedAdapter | null;
  series: Series[];
  by_device: { device: string | null; rows: number }[];
  by_model: { model: string | null; rows: number }[];
}
export interface Appended {
  dataset: string;
  batch_id: string | null;
  received: number;
  appended: number;
  rejected: number;
  errors: Fault[];
  errors_truncated: boolean;
  usage: { recorded: number; skipped: number; errors: Fault[] } | null;
}

export type Status = "queued" | "running" | "cancelling" | "succeeded" | "cancelled" | "dead";
export interface Failure {
  code: string;
  message: string;
  retryable: boolean;
  device: string | null;
}
export interface Job {
  job_id: string;
  status: Status;
  status_reason: string | null;
  model: string;
  prompt_preview: string;
  priority: number;
  queue_tag: string;
  device_serial: string | null;
  device: string | null;
  adapter_id: string | null;
  callback_url: string | null;
  tag: string | null;
  attempt: number;
  max_attempts: number;
  timeout_s: number;
  warmup: number;
  repeat: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  queue_ms: number | null;
  run_ms: number | null;
  failure: Failure | null;
  queue: { ahead: number } | null;
}
export interface Attempt {
  attempt: number;
  device: string;
  started_at: string;
  finished_at: string | null;
  failure: Failure | null;
}
export interface JobDetail extends Job {
  prompt: string;
  system: string | null;
  options: Record<string, unknown>;
  attempts: Attempt[];
}
export interface DeadJob extends Job {
  user_id: string;
  dead_at: string;
}
export interface FailureGroup {
  code: string;
  count: number;
  newest: DeadJob;
}
export interface Provenance {
  source: string;
  clock: string | null;
  kind: string;
  definition_version: number;
  when?: string;
}
export interface Result {
  job_id: string;
  output: string;
  metrics: Record<string, number | null>;
  extra: Record<string, number>;
  samples: Record<string, number | string | null>[] | null;
  telemetry: Record<string, Record<string, number | boolean | string | null> | null> | null;
  log: string | null;
  provenance: Record<string, Provenance> | null;
}
export interface Callback {
  webhook_id: string;
  type: string;
  at: string;
  status_code: number | null;
  ok: boolean;
  error: string | null;
  next_at: string | null;
}

export interface Device {
  serial: string;
  name: string | null;
  kind: string | null;
  models: string[];
  queue_tags: string[];
  present: boolean;
  ready: boolean;
  using: boolean;
  state: string;
  battery: number | null;
  charging: boolean | null;
  temperature_c: number | null;
  thermal_state: string | number | null;
  job_id: string | null;
  last_seen_at: string | null;
  not_ready_reason: string | null;
}
export interface Telemetry {
  at: string;
  battery: number | null;
  temperature_c: number | null;
  cpu_pct: number | null;
  memory_pct: number | null;
}
export type DeviceDetail = Device & { telemetry: Telemetry[] };

export interface Me {
  user_id: string;
  tenant: string;
  admin: boolean;
  expires_at: string | null;
}
export interface Definition {
  metric: string;
  name: string;
  formula: string;
  unit: string | null;
  better: Better;
  kind: string;
  source: string;
}
