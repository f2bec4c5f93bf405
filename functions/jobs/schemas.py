"""Bodies and answers of the jobs endpoints, as clients see them."""

from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.datasets import DATASET_NAME
from shared.http import Body, Serial
from shared.http.schemas import Omitted
from shared.jobs import FlagName
from shared.runs import ConditionInvalid, conditions_schema, read_conditions

MAX_PROMPT_CHARACTERS = 200_000
MAX_OPTIONS_BYTES = 128 * 2**10

# Which ones there are is the deployment's business.
QueueTag = Annotated[str, Field(max_length=64)]
Conditions = dict[str, str | float | bool]
StatusName = Literal["queued", "running", "cancelling", "succeeded", "cancelled", "dead"]


def _kept_conditions(said: Any) -> dict[str, str]:
    try:
        return read_conditions(said)
    except ConditionInvalid as exc:
        raise PydanticCustomError("condition_invalid", "{detail}", {"detail": exc.detail}) from exc


class OptionsBody(Body):
    """How to generate. Members that are not listed here are passed through to the backend.

    Together at most 128 KB as JSON and 64 levels deep.
    """

    model_config = ConfigDict(strict=True, extra="allow")

    num_predict: int | None = Field(
        default=None, ge=1, le=32_768, description="The most tokens to generate."
    )
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=0, le=1_000_000)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: str | list[str] | None = None

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        """A job's question must fit the answer that hands it out."""
        size = len(msgspec.json.encode(self.model_dump(exclude_unset=True)))
        if size > MAX_OPTIONS_BYTES:
            raise PydanticCustomError(
                "options_too_large",
                "options may have {limit} bytes as JSON, these have {size}",
                {"limit": MAX_OPTIONS_BYTES, "size": size},
            )
        return self


class JobBody(Body):
    """A job: a prompt for a model, and where and how to run it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "prompt": "Benchmark this prompt on a specific device.",
                    "system": "You are a benchmark helper.",
                    "model": "tinyllama-1.1b-chat",
                    "options": {"num_predict": 256, "temperature": 0.7},
                    "priority": 1,
                    "queue_tag": "short",
                    "device_serial": "0000asd",
                    "adapter_id": "my_server_metrics",
                    "callback_url": "https://example.com/hooks/job-finished",
                }
            ]
        }
    )

    prompt: str = Field(min_length=1, max_length=MAX_PROMPT_CHARACTERS)
    model: str = Field(min_length=1, max_length=256)
    system: str | None = Field(default=None, max_length=MAX_PROMPT_CHARACTERS)
    options: OptionsBody = Field(default_factory=OptionsBody)
    priority: int = Field(
        default=0, ge=0, le=9, description="Higher goes first; 5 to 9 take the high lane."
    )
    queue_tag: QueueTag = Field("default", description="The pool: `default`, `short` or `long`.")
    device_serial: Serial | None = Field(default=None, description="Pins the job to one device.")
    adapter_id: Annotated[str, Field(pattern=f"^{DATASET_NAME}$")] | None = Field(
        default=None, description="The dataset to which the metrics are appended."
    )
    callback_url: str | None = Field(
        default=None,
        description="Gets a signed webhook when the job ends: https, a public address, port 443.",
    )
    max_attempts: int = Field(default=3, ge=1, le=10)
    timeout_s: int = Field(default=600, ge=1, le=21_600, description="For one attempt.")
    expires_in_s: int | None = Field(
        default=None,
        ge=1,
        le=2_592_000,
        description="So long after it was submitted, or requeued, a job that no device has taken "
        "is dead, with code `expired`; null waits for ever.",
    )
    tag: str | None = Field(default=None, min_length=1, max_length=256)
    warmup: int = Field(default=0, ge=0, le=10, description="Repetitions before the measured ones.")
    repeat: int = Field(default=1, ge=1, le=100, description="Measured repetitions.")
    conditions: Annotated[dict[str, Any] | None, BeforeValidator(_kept_conditions)] = Field(
        default=None,
        json_schema_extra=conditions_schema(),
        description="Under what the job runs: up to 16 texts, numbers or booleans by name. Where "
        "the device says something else of one name, the device's stands.",
    )


class RequeueBody(Body):
    """What to change for the new attempts; each member is optional."""

    device_serial: Serial | None = None
    queue_tag: QueueTag | None = None
    options: OptionsBody | None = None
    max_attempts: int | None = Field(default=None, ge=1, le=10)


class FailureAnswer(BaseModel):
    """Why an attempt, or the job, failed."""

    code: str
    message: str
    retryable: bool
    device: str | None


class QueuePosition(BaseModel):
    """The place in the queue."""

    ahead: int = Field(description="About how many jobs are served before this one.")


class JobAnswer(BaseModel):
    """A job. `status_reason` says why it still waits, `status_detail` the same as a sentence."""

    job_id: str
    status: StatusName
    status_reason: str | None
    status_detail: str | None = Field(
        description="What it waits for, with the devices that may run it and how they are."
    )
    model: str
    prompt_preview: str
    priority: int
    queue_tag: str
    device_serial: str | None
    pinned_to: str | None = Field(
        description="The device that was asked for, also after the job moved to its pool."
    )
    device: str | None
    adapter_id: str | None
    callback_url: str | None
    tag: str | None
    conditions: Conditions
    attempt: int
    max_attempts: int
    timeout_s: int
    warmup: int
    repeat: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    queue_ms: float | None
    run_ms: float | None
    failure: FailureAnswer | None
    queue: QueuePosition | None


class JobAttempt(BaseModel):
    """One attempt. Its number is never used again and is checked on each call of its device."""

    attempt: int
    device: str
    started_at: str
    finished_at: str | None
    failure: FailureAnswer | None


class JobDetailAnswer(JobAnswer):
    """A job with its prompt, its options and its attempts."""

    prompt: str
    system: str | None
    options: dict[str, Any]
    attempts: list[JobAttempt]


class JobPreview(BaseModel):
    """What a submit would do."""

    would: Literal["queue"]
    queue: str
    ahead: int
    reasons: list[str]


class ResultMetrics(BaseModel):
    """What was measured; null is not measured."""

    prompt_tokens: int | None
    completion_tokens: int | None
    latency_ms: float | None = Field(description="From sending the request to the last token.")
    ttft_ms: float | None = Field(
        description="From sending the request to the first token that is not empty."
    )
    tok_s: float | None = Field(description="Decode speed: second and later tokens per second.")
    tpot_ms: float | None = Field(description="Time per output token after the first.")
    prefill_tps: float | None = Field(description="Evaluated prompt tokens per second.")
    load_ms: float | None = Field(description="Loading the model.")


class ResultAnswer(BaseModel):
    """A result; the members after `finished_at` come with `full=1`."""

    job_id: str
    status: StatusName
    model: str
    device: str | None
    output: str
    metrics: ResultMetrics
    extra: dict[str, float]
    conditions: Conditions
    finished_at: str | None
    flags: Omitted[list[FlagName]] = Field(
        description="What to know before comparing it. `cached`: the server took prompts of "
        "repetitions from its cache; `cache_unknown`: later repetitions were far faster to the "
        "first token and the server does not say why (metrics rest on those that were not cached, "
        "where there are any). `buffered`: the answer arrived faster than it was made. "
        "`interrupted`: the device stood still meanwhile. `truncated`: the server cut the prompt. "
        "`thinking_cut`: the length was used up before anything visible. `hot_start`: the device "
        "began hotter than its gate."
    )
    prompt: Omitted[str]
    system: str | None = None
    options: Omitted[dict[str, Any]]
    samples: Omitted[list[dict[str, Any]]]
    telemetry: dict[str, Any] | None = None
    log: str | None = Field(default=None, description="Null if it is too long; see `log_url`.")
    log_url: str | None = Field(
        default=None, description="The address of a long log, valid for an hour."
    )
    log_bytes: int | None = None
    provenance: dict[str, Any] | None = None


class StoredResult(BaseModel):
    """Where a result is that does not fit an answer."""

    url: str
    bytes: int


class CallbackAnswer(BaseModel):
    """One attempt to deliver a callback."""

    webhook_id: str = Field(examples=["evt_01KBJ8S2X0ZZZZZZZZZZZZZZZZ"])
    type: str = Field(examples=["job.succeeded"])
    at: str
    status_code: int | None
    ok: bool
    error: str | None = Field(description="Why the attempt failed.", examples=["timeout"])
    next_at: str | None = Field(description="When the next attempt is planned.")
    trigger: Literal["schedule", "redeliver"] = Field(description="What caused the attempt.")


class RedeliveryAnswer(BaseModel):
    """A callback that is delivered again."""

    job_id: str
    webhook_id: str
    type: str = Field(examples=["job.succeeded"])


class DeadJobAnswer(JobAnswer):
    """A job in the dead-letter queue."""

    user_id: str
    dead_at: str


class FailureGroupAnswer(BaseModel):
    """Dead jobs with the same failure code."""

    code: str
    count: int
    newest: DeadJobAnswer


class DeviceGroupAnswer(BaseModel):
    """Dead jobs that failed on the same device."""

    device: str | None = Field(description="Null: on no device.")
    count: int
    newest: DeadJobAnswer
