"""What administrators set of devices, and how devices are shown, as clients see them."""

from typing import Literal

import msgspec
from pydantic import BaseModel, Field

from functions.devices.model_schemas import ModelNames
from shared.accounts import MAX_OVERLAP_S
from shared.devices import Change
from shared.http import Body, Problem, Serial, StrictBody, UserId

StateName = Literal[
    "available", "busy", "offline", "hot", "low_battery", "maintenance", "unhealthy"
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
    using: bool = Field(description="Whether it runs a job or answers a call.")
    takes_calls: bool = Field(description="Whether it is connected for calls of the LLM gateway.")
    calls_running: int = Field(
        description="Calls of the LLM gateway, anybody's, that it answers, in its last report."
    )
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
