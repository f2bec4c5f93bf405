"""A device as it was registered and as it reported itself last; its state is derived here."""

from typing import Any, Final, Literal

import msgspec

from shared import clock
from shared.clock import SECOND_US
from shared.errors import Conflict

# A device that was silent for this long is offline; runners report every 20 s.
PRESENT_S = 60

# Why a device is not ready whose model's server said 503, 502 or 429.
SERVER_UNAVAILABLE = "server_unavailable"

State = Literal["available", "busy", "offline", "hot", "low_battery", "maintenance", "unhealthy"]
UNHEALTHY: Final = "unhealthy"

_LOW_BATTERY_PCT = 15
# Android's thermal status from "severe" on, iOS's from "serious" on.
_HOT_STATES = {"severe", "serious", "critical", "emergency", "shutdown"}
_HOT_THERMAL_LEVEL = 3
# A phone's battery is hot long before a processor is.
_HOT_C = 85.0
_HOT_PHONE_C = 45.0
_PHONES = {"phone", "android", "ios", "tablet"}


class DeviceInUse(Conflict):
    """Another process runs as this device."""

    code = "device_in_use"


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """What a device measured of itself at one moment; None is unknown."""

    at_us: int
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


class DeviceTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """Something that went wrong on a device, in its own words."""

    at_us: int
    code: str
    detail: str


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One device. `queue_urls` maps the lane to the device's own queue.

    `holds` is the job that was sent to it and has not ended, since `held_us`, and `holds_for` whose
    it is (None where that was not kept yet); `turns` counts
    what was ever sent to it. `lost_models` are those that its server did not know, each until an
    instant: whatever the device reports, it does not serve them till then. Until `rests_until_us`
    it is not ready, as its model's server had no time. `instance` is the process that runs as this
    device, heard of at `instance_us`; None where processes do not say who they are. `failing` are
    the last jobs that failed there in a row; after three it is unhealthy, since `unhealthy_us`.
    """

    serial: str
    name: str | None = None
    kind: str | None = None
    owner: str | None = None
    queue_tags: tuple[str, ...] = ("default",)
    queue_urls: dict[str, str] = {}
    registered_models: tuple[str, ...] = ()
    maintenance: bool = False
    note: str | None = None
    registered_us: int = 0

    reported_models: tuple[str, ...] | None = None
    last_seen_us: int | None = None
    reported_ready: bool = False
    reported_reason: str | None = None
    reported_using: bool = False
    reported_calls: bool = False
    reported_calls_running: int = 0
    job_id: str | None = None
    runner_version: str | None = None
    backend: str | None = None
    telemetry: Telemetry | None = None

    holds: str | None = None
    holds_for: str | None = None
    held_us: int = 0
    turns: int = 0
    lost_models: dict[str, int] = {}
    rests_until_us: int = 0
    instance: str | None = None
    instance_us: int = 0
    failing: tuple[str, ...] = ()
    failing_code: str | None = None
    unhealthy_us: int | None = None
    unhealthy_until_us: int = 0

    @property
    def models(self) -> tuple[str, ...]:
        """What it serves: as it reported last, or as registered, without what it lost."""
        said = self.registered_models if self.reported_models is None else self.reported_models
        return tuple(model for model in said if not self.lacks(model))

    def lacks(self, model: str) -> bool:
        """Whether its server said lately that it has no such model."""
        return self.lost_models.get(model, 0) > clock.now_us()

    @property
    def present(self) -> bool:
        """Whether it was heard of within the last minute."""
        return self.last_seen_us is not None and (
            clock.now_us() - self.last_seen_us < PRESENT_S * SECOND_US
        )

    def check_instance(self, instance: str | None) -> None:
        """Raises DeviceInUse where another process was heard of within the last minute; one that
        does not say who it is is let in.
        """
        if instance is None or self.instance in (None, instance):
            return
        left_us = self.instance_us + PRESENT_S * SECOND_US - clock.now_us()
        if left_us > 0:
            raise DeviceInUse(
                f"another process runs as device {self.serial!r}",
                retry_after_s=left_us // SECOND_US + 1,
            )

    @property
    def ready(self) -> bool:
        """Whether it is there, says it can take a job, and its last jobs say so too."""
        return self.present and self.reported_ready and not (self.resting or self.unhealthy)

    @property
    def unhealthy(self) -> bool:
        """Whether it failed several jobs in a row, and nothing has shown since that it is well."""
        return self.unhealthy_until_us > clock.now_us()

    @property
    def resting(self) -> bool:
        """Whether its model's server wants to be left alone now."""
        return self.rests_until_us > clock.now_us()

    @property
    def not_ready_reason(self) -> str | None:
        """Why it takes no job, if it is there: as its jobs say, or in its own word."""
        if not self.present:
            return None
        if self.unhealthy:
            return UNHEALTHY
        if self.resting:
            return SERVER_UNAVAILABLE
        return None if self.reported_ready else self.reported_reason

    def _says(self, reason: str) -> bool:
        """Whether it gives this reason itself for taking no job."""
        return self.present and not self.reported_ready and self.reported_reason == reason

    @property
    def using(self) -> bool:
        """Whether it is there and runs a job or a call."""
        return self.present and self.reported_using

    @property
    def calls_running(self) -> int:
        """How many calls of the LLM gateway it answers, in its last word."""
        return self.reported_calls_running if self.present else 0

    @property
    def state(self) -> State:
        """One word for people and filters; the first that applies."""
        if self.maintenance:
            return "maintenance"
        if not self.present:
            return "offline"
        if self.unhealthy:
            return UNHEALTHY
        if self.hot:
            return "hot"
        if self.low_battery:
            return "low_battery"
        return "available" if self.ready and not self.using else "busy"

    @property
    def hot(self) -> bool:
        """Whether its last report says that it throttles, or soon will, or rests to cool down."""
        if self._says("hot"):
            return True
        seen = self.telemetry
        return seen is not None and is_hot_reading(
            self.kind, seen.temperature_c, seen.thermal_state
        )

    @property
    def low_battery(self) -> bool:
        """Whether it runs on the rest of its battery, or on what its owner wants to keep."""
        if self._says("low_battery"):
            return True
        seen = self.telemetry
        if seen is None or seen.battery is None or seen.charging:
            return False
        return seen.battery < _LOW_BATTERY_PCT

    def visible_to(self, user_id: str, admin: bool) -> bool:
        """A device with an owner is seen by them and by administrators."""
        return admin or self.owner is None or self.owner == user_id

    def serves(self, model: str) -> bool:
        """Whether it serves a model; a device of which it was never said which may serve any."""
        return not self.lacks(model) and (self.models_unknown or model in self.models)

    @property
    def models_unknown(self) -> bool:
        """Whether neither its registration nor its reports name its models."""
        return self.reported_models is None and not self.registered_models

    @property
    def takes_jobs(self) -> bool:
        """Whether it is there, says that it can take a job, and is in service."""
        return self.ready and not self.maintenance

    @property
    def takes_calls(self) -> bool:
        """Whether calls reach it now: it takes jobs, and is connected to the broker."""
        return self.takes_jobs and self.reported_calls

    @property
    def free(self) -> bool:
        """Whether a job may be sent to it now."""
        return self.takes_jobs and self.holds is None


def device_of(config: dict[str, Any], presence: dict[str, Any] | None) -> Device:
    """The device in its two items; attributes that are not its own are passed over."""
    return msgspec.convert({**(presence or {}), **config}, Device, strict=False)


def is_hot_reading(
    kind: str | None, temperature_c: float | None, thermal_state: str | int | None
) -> bool:
    """Whether a device of this kind throttles, or soon will; None is unknown."""
    if thermal_state is not None and _is_hot(thermal_state):
        return True
    limit = _HOT_PHONE_C if (kind or "").lower() in _PHONES else _HOT_C
    return temperature_c is not None and temperature_c >= limit


def _is_hot(thermal_state: str | int) -> bool:
    if isinstance(thermal_state, int):
        return thermal_state >= _HOT_THERMAL_LEVEL
    return thermal_state.lower() in _HOT_STATES
