"""The answers of the API. Written by `make openapi` from its OpenAPI document; edits are lost.

Members that a newer service adds are ignored, and texts may have values that this version does not
know. What is null there is None here; what an older service does not say is None, False or empty.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec import field as _field  # Some have a member `field`.


class AdapterState(Struct, kw_only=True, frozen=True):
    """Whether a dataset's adapter is on."""

    enabled: bool = False


class Append(Struct, kw_only=True, frozen=True):
    """The outcome of an append."""

    dataset: str
    batch_id: str | None = None
    received: int
    appended: int
    rejected: int
    errors: list[ProblemFault] = _field(default_factory=list)
    errors_truncated: bool = False
    usage: RecordedUsage | None = None


class Assumed(Struct, kw_only=True, frozen=True):
    """How a member was treated that some rows have, lack, or leave ambiguous."""

    field: str
    treated_as: str
    rows: int


class Backfill(Struct, kw_only=True, frozen=True):
    """The progress of converting the rows that were stored before the adapter."""

    status: str
    converted: int
    skipped: int


class Baseline(Struct, kw_only=True, frozen=True):
    """A baseline; `series` is how many groups it keeps figures of."""

    name: str
    version: int
    filters: dict[str, list[str | bool]] = _field(default_factory=dict)
    window: BaselineWindow
    by: list[str] = _field(default_factory=list)
    runs: int
    series: int
    reason: str
    set_by: str
    set_at: str


class BaselineDetail(Struct, kw_only=True, frozen=True):
    """A baseline with its last 50 versions, the newest first."""

    name: str
    version: int
    filters: dict[str, list[str | bool]] = _field(default_factory=dict)
    window: BaselineWindow
    by: list[str] = _field(default_factory=list)
    runs: int
    series: int
    reason: str
    set_by: str
    set_at: str
    history: list[BaselineVersion] = _field(default_factory=list)


class BaselineVersion(Struct, kw_only=True, frozen=True):
    """One version of a baseline."""

    version: int
    reason: str
    set_by: str
    set_at: str
    runs: int


class BaselineWindow(Struct, kw_only=True, frozen=True):
    """The window that was resolved when it was set."""

    from_: str = _field(name="from")
    to: str


class Breakdown(Struct, kw_only=True, frozen=True):
    """The stats of one group."""

    runs: int
    ok: int
    errors: int
    error_rate: float | None = None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    latency_ms: Distribution
    ttft_ms: Distribution
    tok_s: Distribution
    throughput_tps: float | None = None
    extra: dict[str, Distribution] = _field(default_factory=dict)
    key: dict[str, str | int | float | bool | None] = _field(default_factory=dict)
    others: bool | None = None
    groups: int | None = None


class Change(Struct, kw_only=True, frozen=True):
    """Where a series shifted."""

    at: str
    key: dict[str, str | int | float | bool | None] = _field(default_factory=dict)
    metric: str
    before: ChangeSide
    after: ChangeSide
    delta_pct: float | None = None
    p_value: float
    verdict: str
    conditions_changed: list[ChangedCondition] = _field(default_factory=list)


class ChangeSide(Struct, kw_only=True, frozen=True):
    """The runs on one side of a change."""

    n: int
    mean: float


class ChangedCondition(Struct, kw_only=True, frozen=True):
    """A dimension or condition with other values after the change; those nearest to it first."""

    field: str
    before: list[str | int | float | bool | None] = _field(default_factory=list)
    after: list[str | int | float | bool | None] = _field(default_factory=list)


class Changes(Struct, kw_only=True, frozen=True):
    """The changes of a window, the newest first, at most 200."""

    window: ChangesWindow
    filters: dict[str, Any] = _field(default_factory=dict)
    group_by: list[str] = _field(default_factory=list)
    metric: str
    changes: list[Change] = _field(default_factory=list)


class ChangesWindow(Struct, kw_only=True, frozen=True):
    """The window that was answered, half-open."""

    from_: str = _field(name="from")
    to: str
    bucket_s: int | None = None
    partial_last_bucket: bool = False


class Checks(Struct, kw_only=True, frozen=True):
    """The state of each dependency."""

    tables: str
    bucket: str


class Compare(Struct, kw_only=True, frozen=True):
    """Both sides, what changed between them, and under which conditions."""

    a: Side
    b: Side
    min_effect_pct: float
    metrics: list[MetricComparison] = _field(default_factory=list)
    conditions_diff: list[ConditionDifference] = _field(default_factory=list)


class ConditionDifference(Struct, kw_only=True, frozen=True):
    """A dimension or condition whose values differ, null among them, or `mean_prompt_tokens`
    and `mean_completion_tokens` that differ by more than 10 %.
    """

    field: str
    a: list[str | int | float | bool | None] = _field(default_factory=list)
    b: list[str | int | float | bool | None] = _field(default_factory=list)
    a_count: int | None = None
    b_count: int | None = None


class ConditionFieldBody(Struct, kw_only=True, frozen=True):
    """A field that holds a condition of the run: text of at most 128 characters, a number,
    true or false.
    """

    name: str
    field: str


class Dataset(Struct, kw_only=True, frozen=True):
    """A dataset in the list."""

    dataset: str
    rows: int
    bytes: int
    created_at: str
    updated_at: str
    adapter: AdapterState | None = None


class DeadJob(Struct, kw_only=True, frozen=True):
    """A job in the dead-letter queue."""

    job_id: str
    status: str
    status_reason: str | None = None
    status_detail: str | None = None
    model: str
    prompt_preview: str
    priority: int
    queue_tag: str
    device_serial: str | None = None
    pinned_to: str | None = None
    device: str | None = None
    adapter_id: str | None = None
    callback_url: str | None = None
    tag: str | None = None
    conditions: dict[str, str | int | float | bool] = _field(default_factory=dict)
    attempt: int
    max_attempts: int
    timeout_s: int
    warmup: int
    repeat: int
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    queue_ms: float | None = None
    run_ms: float | None = None
    failure: Failure | None = None
    queue: QueuePosition | None = None
    user_id: str
    dead_at: str


class Device(Struct, kw_only=True, frozen=True):
    """A device as it was registered and as it reported last."""

    serial: str
    name: str | None = None
    kind: str | None = None
    owner: str | None = None
    models: list[str] = _field(default_factory=list)
    queue_tags: list[str] = _field(default_factory=list)
    present: bool = False
    ready: bool = False
    not_ready_reason: str | None = None
    using: bool = False
    takes_calls: bool = False
    calls_running: int
    state: str
    unhealthy: Unhealthy | None = None
    runner_version: str | None = None
    backend: str | None = None
    battery: float | None = None
    charging: bool | None = None
    temperature_c: float | None = None
    thermal_state: str | int | None = None
    job_id: str | None = None
    last_seen_at: str | None = None


class DeviceDetail(Struct, kw_only=True, frozen=True):
    """A device with its last reports and troubles, oldest first."""

    serial: str
    name: str | None = None
    kind: str | None = None
    owner: str | None = None
    models: list[str] = _field(default_factory=list)
    queue_tags: list[str] = _field(default_factory=list)
    present: bool = False
    ready: bool = False
    not_ready_reason: str | None = None
    using: bool = False
    takes_calls: bool = False
    calls_running: int
    state: str
    unhealthy: Unhealthy | None = None
    runner_version: str | None = None
    backend: str | None = None
    battery: float | None = None
    charging: bool | None = None
    temperature_c: float | None = None
    thermal_state: str | int | None = None
    job_id: str | None = None
    last_seen_at: str | None = None
    note: str | None = None
    troubles: list[Trouble] = _field(default_factory=list)
    telemetry: list[Telemetry] = _field(default_factory=list)


class Distribution(Struct, kw_only=True, frozen=True):
    """A distribution; with `n` 0 every other member is null."""

    n: int
    mean: float | None = None
    min: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    std: float | None = None


class ExtraField(Struct, kw_only=True, frozen=True):
    """A labelled extra metric of a saved adapter."""

    label: str
    field: str
    kind: str
    unit: str | None = None
    better: str | None = None
    scale: float


class ExtraLabels(Struct, kw_only=True, frozen=True):
    """The window has more extra metrics than the answer lists; `extra=<label>` asks for
    others.
    """

    total: int
    shown: int


class Failure(Struct, kw_only=True, frozen=True):
    """Why an attempt, or the job, failed."""

    code: str
    message: str
    retryable: bool = False
    device: str | None = None


class Gate(Struct, kw_only=True, frozen=True):
    """The verdict for all series together, and each of them."""

    verdict: str
    series: list[GateSeries] = _field(default_factory=list)
    conditions_diff: list[ConditionDifference] = _field(default_factory=list)
    not_alike: list[str] = _field(default_factory=list)
    baseline: GateBaseline | None = None
    markdown: str


class GateBaseline(Struct, kw_only=True, frozen=True):
    """The baseline that the gate went by."""

    name: str
    version: int
    set_at: str
    age_s: float


class GateSeries(Struct, kw_only=True, frozen=True):
    """One metric of one group, b (the candidate) against a."""

    key: dict[str, str | int | float | bool | None] = _field(default_factory=dict)
    metric: str
    extra: bool = False
    unit: str | None = None
    better: str | None = None
    a: float | None = None
    b: float | None = None
    delta_pct: float | None = None
    ci95_pct: tuple[float, float] | None = None
    p_value: float | None = None
    q_value: float | None = None
    tolerance_pct: float | None = None
    max: float | None = None
    verdict: str
    n_a: int
    n_b: int
    more_runs: MoreRuns | None = None


class Health(Struct, kw_only=True, frozen=True):
    """`degraded` when some checks fail, `down` when all do."""

    status: str
    checks: Checks


class Import(Struct, kw_only=True, frozen=True):
    """The outcome of an import: `received` = `imported` + `duplicates` + `rejected` runs."""

    batch_id: str | None = None
    received: int
    imported: int
    duplicates: int
    rejected: int
    errors: list[ProblemFault] = _field(default_factory=list)
    errors_truncated: bool = False
    format: str
    assumed: list[Assumed] = _field(default_factory=list)
    span: Span | None = None
    sample: list[dict[str, Any]] | None = None


class JobAttempt(Struct, kw_only=True, frozen=True):
    """One attempt."""

    attempt: int
    device: str
    started_at: str
    finished_at: str | None = None
    failure: Failure | None = None


class JobDetail(Struct, kw_only=True, frozen=True):
    """A job with its prompt, its options and its attempts."""

    job_id: str
    status: str
    status_reason: str | None = None
    status_detail: str | None = None
    model: str
    prompt_preview: str
    priority: int
    queue_tag: str
    device_serial: str | None = None
    pinned_to: str | None = None
    device: str | None = None
    adapter_id: str | None = None
    callback_url: str | None = None
    tag: str | None = None
    conditions: dict[str, str | int | float | bool] = _field(default_factory=dict)
    attempt: int
    max_attempts: int
    timeout_s: int
    warmup: int
    repeat: int
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    queue_ms: float | None = None
    run_ms: float | None = None
    failure: Failure | None = None
    queue: QueuePosition | None = None
    prompt: str
    system: str | None = None
    options: dict[str, Any] = _field(default_factory=dict)
    attempts: list[JobAttempt] = _field(default_factory=list)


class JobPreview(Struct, kw_only=True, frozen=True):
    """What a submit would do."""

    would: str
    queue: str
    ahead: int
    reasons: list[str] = _field(default_factory=list)


class JobRecord(Struct, kw_only=True, frozen=True):
    """A job."""

    job_id: str
    status: str
    status_reason: str | None = None
    status_detail: str | None = None
    model: str
    prompt_preview: str
    priority: int
    queue_tag: str
    device_serial: str | None = None
    pinned_to: str | None = None
    device: str | None = None
    adapter_id: str | None = None
    callback_url: str | None = None
    tag: str | None = None
    conditions: dict[str, str | int | float | bool] = _field(default_factory=dict)
    attempt: int
    max_attempts: int
    timeout_s: int
    warmup: int
    repeat: int
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    queue_ms: float | None = None
    run_ms: float | None = None
    failure: Failure | None = None
    queue: QueuePosition | None = None


class JobResult(Struct, kw_only=True, frozen=True):
    """A result; the members after `finished_at` come with `full=1`."""

    job_id: str
    status: str
    model: str
    device: str | None = None
    output: str
    metrics: ResultMetrics
    extra: dict[str, float] = _field(default_factory=dict)
    conditions: dict[str, str | int | float | bool] = _field(default_factory=dict)
    finished_at: str | None = None
    flags: list[str] | None = None
    prompt: str | None = None
    system: str | None = None
    options: dict[str, Any] | None = None
    samples: list[dict[str, Any]] | None = None
    telemetry: dict[str, Any] | None = None
    log: str | None = None
    log_url: str | None = None
    log_bytes: int | None = None
    provenance: dict[str, Any] | None = None


class Limits(Struct, kw_only=True, frozen=True):
    """The limits of a single call and of an account."""

    body_bytes: int
    rows_per_append: int
    row_bytes: int
    page_entries: int
    idempotency_s: int
    datasets: int
    rows_a_day: int
    bytes: int
    imported_runs_a_day: int
    open_jobs: int | None = None
    writes_a_minute: int | None = None
    queries_a_minute: int | None = None


class Me(Struct, kw_only=True, frozen=True):
    """Who is calling; `created_at` and `expires_at` are the token's."""

    user_id: str
    tenant: str
    admin: bool = False
    token_id: str
    scope: str
    created_at: str
    expires_at: str | None = None
    limits: Limits


class MetricComparison(Struct, kw_only=True, frozen=True):
    """One metric, b against a."""

    metric: str
    extra: bool = False
    unit: str | None = None
    better: str | None = None
    a: float | None = None
    b: float | None = None
    n_a: int
    n_b: int
    delta: float | None = None
    delta_pct: float | None = None
    ci95: tuple[float, float] | None = None
    p_value: float | None = None
    verdict: str
    more_runs: MoreRuns | None = None


class MoreRuns(Struct, kw_only=True, frozen=True):
    """How many more runs each side needs."""

    a: int
    b: int


class ProblemFault(Struct, kw_only=True, frozen=True):
    """One thing wrong with one place of the input."""

    pointer: str
    code: str
    detail: str
    line: int | None = None
    allowed: list[str] | None = None


class QueuePosition(Struct, kw_only=True, frozen=True):
    """The place in the queue."""

    ahead: int


class RecordedUsage(Struct, kw_only=True, frozen=True):
    """The runs that the stored rows gave; `span` is null for none."""

    recorded: int
    skipped: int
    errors: list[ProblemFault] = _field(default_factory=list)
    span: Span | None = None


class ResultMetrics(Struct, kw_only=True, frozen=True):
    """What was measured; null is not measured."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency_ms: float | None = None
    ttft_ms: float | None = None
    tok_s: float | None = None
    tpot_ms: float | None = None
    prefill_tps: float | None = None
    load_ms: float | None = None


class Rows(Struct, kw_only=True, frozen=True):
    """A page of rows in append order."""

    dataset: str
    data: list[dict[str, Any]] = _field(default_factory=list)
    next_cursor: str | None = None
    has_more: bool = False


class Run(Struct, kw_only=True, frozen=True):
    """One run; `ts` is epoch seconds."""

    run_id: str
    ts: float
    device: str | None = None
    model: str | None = None
    tag: str | None = None
    tenant: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency_ms: float | None = None
    ttft_ms: float | None = None
    tok_s: float | None = None
    ok: bool = False
    job_id: str | None = None
    dataset: str | None = None
    source_kind: str
    prompt_preview: str | None = None
    extra: dict[str, float] = _field(default_factory=dict)
    conditions: dict[str, str | int | float | bool] = _field(default_factory=dict)


class SavedAdapter(Struct, kw_only=True, frozen=True):
    """A saved adapter; `backfill` is present only when one was requested."""

    dataset: str
    enabled: bool = False
    x_field: str
    device_field: str
    model_field: str
    prompt_tokens_field: str
    completion_tokens_field: str
    latency_ms_field: str
    ttft_ms_field: str
    tag_field: str | None = None
    ok_field: str | None = None
    tok_s_field: str | None = None
    job_id_field: str | None = None
    prompt_preview_field: str | None = None
    extra_fields: list[ExtraField] = _field(default_factory=list)
    condition_fields: list[ConditionFieldBody] | None = None
    units: UnitsBody
    ok_values: list[str] | None = None
    version: int
    updated_at: str
    backfill: Backfill | None = None


class SeriesPoint(Struct, kw_only=True, frozen=True):
    """The stats of one bucket of one group; `t` is when the bucket begins."""

    runs: int
    ok: int
    errors: int
    error_rate: float | None = None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    latency_ms: Distribution
    ttft_ms: Distribution
    tok_s: Distribution
    throughput_tps: float | None = None
    extra: dict[str, Distribution] = _field(default_factory=dict)
    t: str
    key: dict[str, str | int | float | bool | None] = _field(default_factory=dict)
    others: bool | None = None
    groups: int | None = None


class Side(Struct, kw_only=True, frozen=True):
    """One side: its window, its filters, its stats."""

    runs: int
    ok: int
    errors: int
    error_rate: float | None = None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    latency_ms: Distribution
    ttft_ms: Distribution
    tok_s: Distribution
    throughput_tps: float | None = None
    extra: dict[str, Distribution] = _field(default_factory=dict)
    window: Window
    filters: dict[str, Any] = _field(default_factory=dict)
    exact: bool = False
    extra_labels: ExtraLabels | None = None


class Span(Struct, kw_only=True, frozen=True):
    """The earliest and the latest time of runs."""

    from_: str = _field(name="from")
    to: str


class Stats(Struct, kw_only=True, frozen=True):
    """Distributions and `throughput_tps` are over runs with `ok`, tokens and `extra` over
    all.
    """

    runs: int
    ok: int
    errors: int
    error_rate: float | None = None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    latency_ms: Distribution
    ttft_ms: Distribution
    tok_s: Distribution
    throughput_tps: float | None = None
    extra: dict[str, Distribution] = _field(default_factory=dict)


class Summary(Struct, kw_only=True, frozen=True):
    """The stats of a window, and of the window before."""

    runs: int
    ok: int
    errors: int
    error_rate: float | None = None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    latency_ms: Distribution
    ttft_ms: Distribution
    tok_s: Distribution
    throughput_tps: float | None = None
    extra: dict[str, Distribution] = _field(default_factory=dict)
    window: Window
    filters: dict[str, Any] = _field(default_factory=dict)
    exact: bool = False
    devices: int
    models: int
    previous: Stats
    extra_labels: ExtraLabels | None = None


class Telemetry(Struct, kw_only=True, frozen=True):
    """What a device measured of itself at one moment."""

    at: str
    battery: float | None = None
    charging: bool | None = None
    temperature_c: float | None = None
    thermal_state: str | int | None = None
    cpu_pct: float | None = None
    memory_pct: float | None = None
    memory_used_bytes: int | None = None
    gpu_power_w: float | None = None
    gpu_temperature_c: float | None = None
    gpu_memory_used_bytes: int | None = None
    gpu_pct: float | None = None


class Trouble(Struct, kw_only=True, frozen=True):
    """Something that went wrong on the device, in its own words."""

    at: str
    code: str
    detail: str


class Undo(Struct, kw_only=True, frozen=True):
    """What this call removed."""

    removed_rows: int
    removed_runs: int
    already_undone: bool = False


class Unhealthy(Struct, kw_only=True, frozen=True):
    """Several different jobs failed on the device, one after the other."""

    since: str
    code: str


class UnitsBody(Struct, kw_only=True, frozen=True):
    """In which unit a standard time field comes; ms where it is not said."""

    latency_ms: str | None = None
    ttft_ms: str | None = None


class UsageTable(Struct, kw_only=True, frozen=True):
    """Totals, a series, a breakdown whose runs add up to the total, and the newest runs."""

    window: Window
    filters: dict[str, Any] = _field(default_factory=dict)
    group_by: list[str] = _field(default_factory=list)
    exact: bool = False
    total: Stats
    series: list[SeriesPoint] = _field(default_factory=list)
    breakdown: list[Breakdown] = _field(default_factory=list)
    runs: list[Run] = _field(default_factory=list)
    extra_labels: ExtraLabels | None = None


class Window(Struct, kw_only=True, frozen=True):
    """The window that was answered, half-open."""

    from_: str = _field(name="from")
    to: str
    bucket_s: int | None = None
    partial_last_bucket: bool = False
