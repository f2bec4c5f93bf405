"""Bodies and answers of the datasets endpoints, as clients see them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.datasets import TimeUnit
from shared.http import BatchId, Body, StrictBody
from shared.http.schemas import Omitted, ProblemFault, Span, all_required

_TOLD_BY_THE_SERVER = {"version", "updated_at", "backfill"}
Better = Literal["higher", "lower"]
SMALLEST_SCALE, LARGEST_SCALE = 1e-18, 1e18
OkValue = Annotated[str, Field(max_length=256)]


class ExtraFieldBody(StrictBody):
    """A labelled extra metric."""

    label: str = Field(max_length=256, examples=["GPU power (W)"])
    field: str = Field(max_length=512, examples=["gpu_power_w"])
    kind: Literal["number", "string", "boolean"] = "number"
    unit: str | None = Field(None, max_length=64, examples=["W"])
    better: Better | None = None
    scale: float = Field(
        1, allow_inf_nan=False, description="Multiplies numbers; its size is from 1e-18 to 1e18."
    )

    @field_validator("scale")
    @classmethod
    def _is_one_of_units(cls, scale: float) -> float:
        if scale == 0:
            raise ValueError("a scale of 0 would make every number 0")
        if not SMALLEST_SCALE <= abs(scale) <= LARGEST_SCALE:
            raise ValueError("a scale turns one unit into another: its size is from 1e-18 to 1e18")
        return scale


class UnitsBody(StrictBody):
    """In which unit a standard time field comes; ms where it is not said."""

    latency_ms: TimeUnit | None = None
    ttft_ms: TimeUnit | None = None


class ConditionFieldBody(StrictBody):
    """A field that holds a condition of the run: text of at most 128 characters, a number, true or
    false.
    """

    name: str = Field(max_length=256, examples=["quant"])
    field: str = Field(max_length=512, examples=["model.quantization"])


class ExtraField(ExtraFieldBody):
    """A labelled extra metric of a saved adapter."""

    model_config = ConfigDict(json_schema_extra=all_required)


class AdapterBody(StrictBody):
    """What the fields of a row mean. Dotted paths are allowed; defaults: the standard names.

    At most 32 KB as JSON. The further members of `get_adapter` (`version`, `updated_at`,
    `backfill`) are accepted and ignored.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dataset": "my_server_metrics",
                    "enabled": True,
                    "x_field": "ts",
                    "device_field": "device",
                    "model_field": "model",
                    "prompt_tokens_field": "prompt_tokens",
                    "completion_tokens_field": "completion_tokens",
                    "latency_ms_field": "latency_ms",
                    "ttft_ms_field": "ttft_ms",
                    "extra_fields": [
                        {"label": "GPU power (W)", "field": "gpu_power_w", "kind": "number"}
                    ],
                }
            ]
        }
    )

    dataset: str
    enabled: bool = True
    x_field: str = Field("ts", max_length=512)
    device_field: str = Field("device", max_length=512)
    model_field: str = Field("model", max_length=512)
    prompt_tokens_field: str = Field("prompt_tokens", max_length=512)
    completion_tokens_field: str = Field("completion_tokens", max_length=512)
    latency_ms_field: str = Field("latency_ms", max_length=512)
    ttft_ms_field: str = Field("ttft_ms", max_length=512)
    tag_field: str | None = Field(None, max_length=512)
    ok_field: str | None = Field(None, max_length=512)
    tok_s_field: str | None = Field(None, max_length=512)
    job_id_field: str | None = Field(None, max_length=512)
    prompt_preview_field: str | None = Field(None, max_length=512)
    extra_fields: list[ExtraFieldBody] = Field(default_factory=list)
    condition_fields: list[ConditionFieldBody] = Field(
        default_factory=list,
        description="Fields that hold conditions of the run; those of the row's member "
        "`conditions` are read without a word.",
    )
    units: UnitsBody = Field(default_factory=UnitsBody, examples=[{"latency_ms": "s"}])
    ok_values: list[OkValue] | None = Field(
        None,
        min_length=1,
        description="The texts of `ok_field` that mean ok, exactly as they are; all others then "
        "mean not. Without it: true and false, 0 and 1, and, in any case, `true`, `false`, `ok`, "
        "`error`, `success`, `failure`, `succeeded`, `failed`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _pass_over(cls, body: Any) -> Any:
        """An adapter that was read may be saved again as it is."""
        if cls is not AdapterBody or not isinstance(body, dict):
            return body
        return {name: value for name, value in body.items() if name not in _TOLD_BY_THE_SERVER}


class BackfillAnswer(BaseModel):
    """The progress of converting the rows that were stored before the adapter.

    `converted` rows became runs; `skipped` ones lack a readable time or number.
    """

    status: Literal["running", "done"]
    converted: int
    skipped: int


class SavedAdapter(AdapterBody):
    """A saved adapter; `backfill` is present only when one was requested."""

    model_config = ConfigDict(extra="ignore", json_schema_extra=all_required)

    version: int
    updated_at: str
    extra_fields: list[ExtraField]  # type: ignore[assignment]  # An answer's members are all there.
    units: UnitsBody
    backfill: Omitted[BackfillAnswer]


class AdapterPreview(BaseModel):
    """What an adapter would make of the newest rows."""

    runs: list[dict[str, Any]]
    errors: list[ProblemFault]


class UndoBody(Body):
    """The append or import to undo."""

    batch_id: BatchId


class UndoAnswer(BaseModel):
    """What this call removed."""

    removed_rows: int
    removed_runs: int
    already_undone: bool


class RecordedUsage(BaseModel):
    """The runs that the stored rows gave; `span` is null for none."""

    recorded: int
    skipped: int
    errors: list[ProblemFault]
    span: Span | None


class AppendAnswer(BaseModel):
    """The outcome of an append.

    `usage` is null when there is no enabled adapter, `batch_id` when nothing was stored
    (`dry_run`).
    """

    dataset: str
    batch_id: str | None
    received: int
    appended: int
    rejected: int
    errors: list[ProblemFault]
    errors_truncated: bool
    usage: RecordedUsage | None


class AdapterState(BaseModel):
    """Whether a dataset's adapter is on."""

    enabled: bool


class DatasetEntry(BaseModel):
    """A dataset in the list."""

    dataset: str
    rows: int
    bytes: int
    created_at: str
    updated_at: str
    adapter: AdapterState | None


class RowsAnswer(BaseModel):
    """A page of rows in append order."""

    dataset: str
    data: list[dict[str, Any]]
    next_cursor: str | None
    has_more: bool
