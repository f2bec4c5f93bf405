"""What a device says about the job that it runs, and what it hears, as devices see it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from functions.devices.report_schemas import TelemetryBody
from shared.http import Body
from shared.runs import MAX_TOKENS, conditions_schema

Amount = Annotated[float | None, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[float | None, Field(ge=0, le=MAX_TOKENS)]


class AttemptBody(Body):
    """Which attempt speaks."""

    attempt: int = Field(ge=1, lt=2**31)


class HeartbeatBody(AttemptBody):
    """The attempt goes on."""

    telemetry: TelemetryBody | None = None


class MetricsBody(Body):
    """What was measured; null is not measured, and stays so. `tok_s` and `tpot_ms` are derived
    where they are absent. Other numbers become the result's `extra`.
    """

    model_config = ConfigDict(strict=True, extra="allow")

    prompt_tokens: Count = None
    completion_tokens: Count = None
    latency_ms: Amount = None
    ttft_ms: Amount = None
    tok_s: Amount = None
    tpot_ms: Amount = None
    prefill_tps: Amount = None
    load_ms: Amount = None

    def known(self) -> dict[str, float | None]:
        """The metrics of the contract that were sent."""
        return self.model_dump(include=set(type(self).model_fields), exclude_unset=True)

    def others(self) -> dict[str, float]:
        """Further numbers that the device measured, by their own names."""
        numbers = (int, float)
        extra = self.model_extra or {}
        return {k: float(v) for k, v in extra.items() if type(v) in numbers}


class CompleteBody(AttemptBody):
    """The attempt's result."""

    output: str
    metrics: MetricsBody
    extra: dict[str, float] = Field(default_factory=dict, max_length=64)
    flags: Any = Field(
        default=None,
        json_schema_extra={
            "type": ["array", "null"],
            "items": {"type": "string"},
            "examples": [["cached"]],
        },
        description="What a reader must know before comparing it; what is no flag is left out and "
        "named in `warnings`.",
    )
    conditions: Any = Field(
        default=None,
        json_schema_extra=conditions_schema(),
        description="Under what it ran. What no run can have is left out and named in `warnings`.",
    )
    samples: list[dict[str, Any]] = Field(default_factory=list, max_length=100)
    telemetry: dict[str, Any] | None = None
    provenance: dict[str, Any] | None = None
    log: str | None = Field(default=None, description="The log, as far as it fits into the body.")
    log_uploaded: bool = Field(
        default=False, description="Whether the log was uploaded to the address of `log_upload`."
    )


class LogUploadBody(AttemptBody):
    """A log that is too long to be sent with the result."""

    bytes: int = Field(ge=1, lt=2**53, description="The exact size of the log; at most 50 MB.")


class FailBody(AttemptBody):
    """Why the attempt failed; code `cancelled` confirms a cancel."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    message: str = Field(max_length=4_000)
    retryable: bool
    retry_after_s: float | None = Field(
        default=None,
        ge=0,
        le=3_600,
        allow_inf_nan=False,
        description="When the model's server wants to be asked again, from its `Retry-After`.",
    )


class ClaimAnswer(BaseModel):
    """A job to run. Each later call about it carries the attempt's number."""

    attempt: int
    model: str
    prompt: str
    system: str | None
    options: dict[str, Any]
    warmup: int
    repeat: int
    timeout_s: int
    lease_s: int


class HeartbeatAnswer(BaseModel):
    """Whether the device must stop the job."""

    cancel: bool


class LogUploadAnswer(BaseModel):
    """Where to PUT the log. The address is a secret; the headers must be sent as they are."""

    url: str
    headers: dict[str, str]
    expires_at: str


class AttemptEnd(BaseModel):
    """The job's status after the attempt."""

    job_id: str
    status: str


class CompletedAttempt(AttemptEnd):
    """The same, and what of the result was left out."""

    warnings: list[str]
