"""Bodies and answers of the datasets endpoints, as clients see them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.http import Body
from shared.http.schemas import ProblemFault

Better = Literal["higher", "lower"]


class ExtraFieldBody(Body):
    """A labelled extra metric."""

    label: str = Field(max_length=256, examples=["GPU power (W)"])
    field: str = Field(max_length=512, examples=["gpu_power_w"])
    kind: Literal["number", "string", "boolean"] = "number"
    unit: str | None = None
    better: Better | None = None


class AdapterBody(Body):
    """Which field of a row means what. Fields may be dotted paths; defaults: the standard names."""

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


class BackfillAnswer(BaseModel):
    """How far the rows are converted that were there before the adapter.

    `converted` rows became runs; `skipped` ones cannot, for want of a time or a number.
    """

    status: Literal["running", "done"]
    converted: int
    skipped: int


class SavedAdapter(AdapterBody):
    """A saved adapter; `backfill` only when one was asked for."""

    version: int
    updated_at: str
    backfill: BackfillAnswer | None = None


class PreviewAnswer(BaseModel):
    """What an adapter would make of the newest rows."""

    runs: list[dict[str, Any]]
    errors: list[ProblemFault]


class UndoBody(Body):
    """Which append or import to take back."""

    batch_id: str = Field(min_length=1, max_length=256, examples=["bat_01KBJ8S2X0ZZZZZZZZZZZZZZZZ"])


class UndoAnswer(BaseModel):
    """What was taken back by this call."""

    removed_rows: int
    removed_runs: int
    already_undone: bool


class UsageAnswer(BaseModel):
    """What became of the stored rows as usage."""

    recorded: int
    skipped: int
    errors: list[ProblemFault]


class AppendAnswer(BaseModel):
    """What became of an append; `usage` is null when no enabled adapter is saved, `batch_id`
    when nothing was stored (`dry_run`)."""

    dataset: str
    batch_id: str | None
    received: int
    appended: int
    rejected: int
    errors: list[ProblemFault]
    errors_truncated: bool
    usage: UsageAnswer | None


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
