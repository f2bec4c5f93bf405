"""Bodies and answers of the devices endpoints, as clients see them."""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shared.accounts import MAX_OVERLAP_S
from shared.devices import Change
from shared.http import Body, Problem, Serial, StrictBody, UserId
from shared.runs import MAX_TOKENS, conditions_schema

StateName = Literal[
    "available", "busy", "offline", "hot", "low_battery", "maintenance", "unhealthy"
]
ModelName = Annotated[str, Field(min_length=1, max_length=256)]


def _check_names(names: list[str]) -> list[str]:
    """A device, and a list of devices, must fit what holds them."""
    size = sum(len(name.encode()) for name in names)
    if size > MAX_MODEL_NAMES_BYTES:
        raise PydanticCustomError(
            "models_too_large",
            "the models' names may have {limit} bytes together, these have {size}",
            {"limit": MAX_MODEL_NAMES_BYTES, "size": size},
        )
    return names


ModelNames = Annotated[list[ModelName], Field(max_length=256), AfterValidator(_check_names)]
MAX_MODEL_NAMES_BYTES = 32 * 2**10
# What DynamoDB cannot store exactly is no reading of a sensor.
Reading = Annotated[float, Field(ge=-1e9, le=1e9), AfterValidator(lambda value: round(value, 6))]
Measured = Reading | None
Level = Annotated[Reading, Field(ge=0)] | None
Amount = Annotated[float | None, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[float | None, Field(ge=0, le=MAX_TOKENS)]


Instance = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        description="A random id of the process, so that two do not run as one device.",
    ),
]


class RegisterBody(Body):
    """A device. Registered again, it keeps the members that are left out."""

    serial: Serial
    name: str | None = Field(default=None, max_length=256)
    kind: str | None = Field(default=None, max_length=64, examples=["phone", "server"])
    models: ModelNames | None = Field(
        default=None, description="All names together: at most 32 KB."
    )
    queue_tags: list[str] | None = Field(default=None, min_length=1, max_length=8)
    owner: UserId | None = Field(default=None, description="Only this user's jobs run on it.")


class ChangeBody(StrictBody):
    """What to change of a device. Members that are left out stay; null takes a value out."""

    name: str | None = Field(default=None, max_length=256)
    kind: str | None = Field(default=None, max_length=64, examples=["phone"])
    models: ModelNames | None = Field(
        default=None,
        description="What it serves until it reports its models; all names together 32 KB.",
    )
    queue_tags: list[str] = Field(default=["default"], min_length=1, max_length=8)
    owner: UserId | None = Field(
        default=None, description="Only this user's jobs run on it; null: everybody's."
    )
    maintenance: bool = Field(default=False, description="Whether it is taken out of service.")
    note: str | None = Field(
        default=None,
        max_length=1_000,
        description="For people: where it is, what is wrong with it.",
    )

    healthy: Literal[True] = Field(
        default=True,
        description="Said, it ends the state `unhealthy`, and a rest of its model's server.",
    )

    def change(self) -> Change:
        """What was said, and nothing of what was left out."""
        said = self.model_dump(include=self.model_fields_set)
        if "queue_tags" in said:
            said["queue_tags"] = tuple(dict.fromkeys(said["queue_tags"]))
        return msgspec.convert(said, Change)


class BatchBody(StrictBody):
    """Which devices to change, and what of them."""

    serials: list[Serial] = Field(min_length=1, max_length=100)
    set: ChangeBody


class TokenBody(StrictBody):
    """How long the token before stays valid."""

    overlap_s: int = Field(
        default=3_600,
        ge=0,
        le=MAX_OVERLAP_S,
        description="For so many seconds the token before is valid, too.",
    )


class ReloadBody(Body):
    """Which device (default: all), and whether it is taken out of service."""

    serial: Serial | None = None
    maintenance: bool | None = None


class TelemetryBody(Body):
    """What a device measured of itself; null is unknown."""

    battery: Annotated[Reading, Field(ge=0, le=100)] | None = Field(
        default=None, description="Percent."
    )
    charging: bool | None = None
    temperature_c: Measured = None
    thermal_state: (
        Annotated[str, Field(max_length=64)] | Annotated[int, Field(ge=0, le=1_000)] | None
    ) = None
    cpu_pct: Measured = None
    memory_pct: Measured = None
    memory_used_bytes: int | None = Field(default=None, ge=0, lt=2**63)
    gpu_power_w: Level = None
    gpu_temperature_c: Measured = None
    gpu_memory_used_bytes: int | None = Field(default=None, ge=0, lt=2**63)
    gpu_pct: Measured = None


class SessionBody(Body):
    """Which process asks."""

    instance: Instance | None = None


class TroubleBody(Body):
    """Something that went wrong on the device."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    detail: str = Field(default="", max_length=1_000)
    age_s: float = Field(ge=0, le=1e9, allow_inf_nan=False, description="So long ago it was.")


class StatusBody(TelemetryBody):
    """Presence: whether the device can take a job, and what it serves."""

    ready: bool
    not_ready_reason: str | None = Field(
        default=None,
        max_length=64,
        description="`hot` and `low_battery` become the device's state.",
    )
    using: bool | None = None
    calls: bool | None = Field(
        default=None, description="Whether it is connected for calls of the LLM gateway."
    )
    models: ModelNames | None = Field(
        default=None, description="All names together: at most 32 KB."
    )
    job_id: str | None = Field(default=None, max_length=64)
    instance: Instance | None = None
    tried: Literal["passed", "failed"] | None = Field(
        default=None,
        description="How it went when the device, unhealthy, tried itself: passed, it is healthy.",
    )
    leaving: bool = Field(
        default=False,
        description="The process ends: another one may open a session at once.",
    )
    runner_version: str | None = Field(default=None, max_length=64)
    backend: str | None = Field(default=None, max_length=64, examples=["gguf", "ollama"])
    troubles: list[TroubleBody] | None = Field(
        default=None,
        max_length=20,
        description="The last troubles, oldest first; left out where there are no new ones.",
    )


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


class UnhealthyAnswer(BaseModel):
    """Several different jobs failed on the device, one after the other."""

    since: str
    code: str = Field(description="As what the last of them failed.")


class DeviceAnswer(BaseModel):
    """A device as it was registered and as it reported last."""

    serial: str
    name: str | None
    kind: str | None
    owner: str | None
    models: list[str]
    queue_tags: list[str]
    present: bool
    ready: bool
    not_ready_reason: str | None = Field(
        description="Why the device takes no job, if it gave a reason."
    )
    using: bool
    state: StateName
    unhealthy: UnhealthyAnswer | None = Field(
        description="After three different jobs that failed there in a row: it is given no job "
        "until it has tried itself with one token, first after 60 s, or an administrator says that "
        "it is `healthy`."
    )
    runner_version: str | None
    backend: str | None = Field(description="What runs the models, as the runner names it.")
    battery: float | None
    charging: bool | None
    temperature_c: float | None
    thermal_state: str | int | None
    job_id: str | None = Field(description="The job that it runs, if it is yours.")
    last_seen_at: str | None


class TelemetryAnswer(BaseModel):
    """What a device measured of itself at one moment."""

    at: str
    battery: float | None
    charging: bool | None
    temperature_c: float | None
    thermal_state: str | int | None
    cpu_pct: float | None
    memory_pct: float | None
    memory_used_bytes: int | None
    gpu_power_w: float | None
    gpu_temperature_c: float | None
    gpu_memory_used_bytes: int | None
    gpu_pct: float | None


class TroubleAnswer(BaseModel):
    """Something that went wrong on the device, in its own words."""

    at: str
    code: str
    detail: str


class DeviceDetailAnswer(DeviceAnswer):
    """A device with its last reports and troubles, oldest first."""

    note: str | None
    troubles: list[TroubleAnswer] = Field(description="The last 20.")
    telemetry: list[TelemetryAnswer]


class RegisteredAnswer(DeviceAnswer):
    """A registered device; its token is shown once."""

    device_token: str | None = None


class ChangedDevice(BaseModel):
    """What became of one device of a batch."""

    serial: str
    status: Literal[200, 404, 503]
    problem: Problem | None = None


class BatchAnswer(BaseModel):
    """What became of each device, in the order of the request."""

    results: list[ChangedDevice]


class TokenAnswer(BaseModel):
    """The device's new token, shown once."""

    device_token: str | None = None


class CredentialsAnswer(BaseModel):
    """Short-lived AWS credentials."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: str


class DeviceQueue(BaseModel):
    """A queue to receive from."""

    url: str
    lane: Literal["high", "normal"]


class ChannelAnswer(BaseModel):
    """How to connect for calls of the LLM gateway: MQTT 3.1.1 over WebSocket, under one of the ids,
    hearing on `down`, answering on topics that begin with `up`.
    """

    url: str = Field(description="Signed; a secret, for one connection soon.")
    host: str
    client_ids: list[str]
    down: str
    up: str
    expires_at: str


class SessionAnswer(BaseModel):
    """How to reach the device's queues, in the order in which to receive from them."""

    region: str
    endpoint_url: str | None = Field(description="Null on AWS itself.")
    credentials: CredentialsAnswer
    queues: list[DeviceQueue]
    visibility_s: int
    heartbeat_s: int
    channel: ChannelAnswer | None = Field(
        description="Null where the deployment has no broker: the device takes no calls."
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
