"""What a device reports about itself, and how it gets at its queues, as devices see it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from functions.devices.model_schemas import ModelNames
from shared.http import Body

# What DynamoDB cannot store exactly is no reading of a sensor.
Reading = Annotated[float, Field(ge=-1e9, le=1e9), AfterValidator(lambda value: round(value, 6))]
Measured = Reading | None
Level = Annotated[Reading, Field(ge=0)] | None
Instance = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        description="A random id of the process, so that two do not run as one device.",
    ),
]


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
    calls_running: int | None = Field(
        default=None, ge=0, le=1_000, description="How many of them it answers."
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
