"""Reports to the API that the device is there, and how it is; 60 s of silence count as offline."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Final

from evalyard_runner import __version__, log
from evalyard_runner.api import DeviceApi
from evalyard_runner.backoff import Backoff
from evalyard_runner.errors import (
    ApiAwayError,
    ApiRefusedError,
    DeviceInUseError,
    DeviceRefusedError,
)
from evalyard_runner.sensors import Sensors
from evalyard_runner.unexpected import place_of

PERIOD_S: Final = 20.0
# A process that finds its device in use by another asks again after this time.
IN_USE_S: Final = 5.0
# Calls that begin and end meanwhile are not reported: a report costs more than a short answer, and
# would be made while a device works at its first token.
CALLS_SETTLE_S: Final = 0.5
# What says whether the device is there and may have a job; all else is about how it is.
_PRESENCE: Final = ("ready", "not_ready_reason", "using", "job_id", "calls", "calls_running")


@dataclass
class DeviceState:
    """What the device is doing right now, shared by the pull loop and the presence."""

    models: tuple[str, ...]
    sensors: Sensors
    backend: str | None = None
    ready: bool = False
    not_ready_reason: str | None = None
    job_id: str | None = None
    # Another process is this device, the API says: its queues are that one's.
    displaced: bool = False
    # The API gives the device no job until it has tried itself.
    unhealthy: bool = False
    _tried: str | None = None
    # Whether calls reach the device, where it answers them, and how many run.
    takes_calls: bool = False
    channel_up: str = ""
    calls_running: int = 0
    _reported_calls: int = 0
    _settling: asyncio.TimerHandle | None = None
    # Which connection it is by which the device hears of jobs; None while the API knows of none.
    hears_by: int | None = None
    _connections: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    # The number of the newest trouble that the API knows.
    _known_trouble: int = 0
    # The API refused something in the last report.
    refused: bool = False

    def set_ready(self) -> None:
        self._set(True, None)

    def set_not_ready(self, reason: str) -> None:
        """`reason` is one of those in docs/runners.md."""
        self._set(False, reason)

    def set_job(self, job_id: str | None) -> None:
        """Claim, heartbeats and the end say the same to the API: only what went wrong meanwhile
        needs a report.
        """
        self.job_id = job_id
        if job_id is None and self._new_troubles():
            self.changed.set()

    def set_tried(self, passed: bool) -> None:
        """How it went when the device tried itself; said once."""
        self._tried = "passed" if passed else "failed"
        self.changed.set()

    def set_takes_calls(self, takes: bool) -> None:
        """Whether the broker has this device at the other end."""
        if takes != self.takes_calls:
            self.takes_calls = takes
            self.hears_by = None
            self._connections += takes
            self.changed.set()

    def set_calls_running(self, calls: int) -> None:
        """Reported a moment later, if it is so then."""
        self.calls_running = calls
        if self._settling is None:
            loop = asyncio.get_running_loop()
            self._settling = loop.call_later(CALLS_SETTLE_S, self._settle)

    def _settle(self) -> None:
        self._settling = None
        if self.calls_running != self._reported_calls:
            self.changed.set()

    def report(self) -> dict[str, Any]:
        """Reads the sensors, which blocks."""
        return {
            "ready": self.ready,
            "not_ready_reason": self.not_ready_reason,
            "using": self.job_id is not None or self.calls_running > 0,
            "calls": self.takes_calls,
            "calls_running": self.calls_running,
            "models": list(self.models),
            "job_id": self.job_id,
            "runner_version": __version__,
            "backend": self.backend,
            **({"tried": self._tried} if self._tried else {}),
            **self.sensors.read(),
            **self._new_troubles(),
        }

    def reported(self, report: dict[str, Any], state: str) -> None:
        """The API has this report, which is not said again, and calls the device's state so."""
        self.unhealthy = state == "unhealthy"
        self._reported_calls = report["calls_running"]
        self.hears_by = self._connections if report["calls"] and self.takes_calls else None
        if report.get("tried") == self._tried:
            self._tried = None
        for newest in report.get("troubles", ())[-1:]:
            self._known_trouble = newest["number"]

    def _new_troubles(self) -> dict[str, Any]:
        """The last troubles, when there is one that the API does not know; by their age, as the
        device's clock may be wrong.
        """
        found = log.troubles()
        if not found or found[-1].number <= self._known_trouble:
            return {}
        now_s = time.monotonic()
        troubles = [
            {
                "number": each.number,
                "age_s": round(now_s - each.at_s, 3),
                "code": each.event,
                "detail": each.detail,
            }
            for each in found
        ]
        return {"troubles": troubles}

    def _set(self, ready: bool, reason: str | None) -> None:
        if (ready, reason) != (self.ready, self.not_ready_reason):
            self.ready, self.not_ready_reason = ready, reason
            self.changed.set()


async def say_status(api: DeviceApi, state: DeviceState) -> None:
    """Report how the device is. Where the API refuses something in that, a reading that no sensor
    can have or a name, only that it is there: for that the device must not look absent.
    """
    report = await asyncio.to_thread(state.report)
    try:
        said = await api.report_status(report)
        state.refused = False
    except ApiRefusedError as refusal:
        if not refusal.is_about_the_words:
            raise
        if not state.refused:
            log.trouble("status_refused", reason=refusal)
        state.refused = True
        report = {name: report[name] for name in _PRESENCE}
        said = await api.report_status(report)
    state.reported(report, said)


class Presence:
    """Reports on every change and, but for times in which heartbeats of a job say that it is there,
    at least every 20 s, until cancelled; then says once that it leaves.
    """

    def __init__(self, api: DeviceApi, state: DeviceState, period_s: float = PERIOD_S) -> None:
        self._api, self._state, self._period_s = api, state, period_s
        self._backoff = Backoff()

    async def run(self) -> None:
        """Runs until cancelled. Raises DeviceRefusedError when the token dies."""
        while True:
            await asyncio.sleep(await self._report_once())
            await self._change_or_period()

    async def leave(self) -> None:
        """Best effort, at the end: without it the device looks present for another minute, and the
        next process has to wait for so long.
        """
        self._state.set_not_ready("stopped")
        try:
            async with asyncio.timeout(3):
                report = await asyncio.to_thread(self._state.report)
                await self._api.report_status(report | {"leaving": True})
        except (ApiAwayError, ApiRefusedError, TimeoutError):
            return
        except DeviceRefusedError:
            raise
        except Exception as exc:  # The last resort: the runner leaves anyway.
            log.trouble("status_not_reported", reason=place_of(exc))

    async def _report_once(self) -> float:
        self._state.changed.clear()
        try:
            await say_status(self._api, self._state)
        except DeviceRefusedError:
            raise
        except DeviceInUseError:
            self._state.displaced = True
            self._state.changed.set()
            return IN_USE_S
        except (ApiAwayError, ApiRefusedError):
            return self._later()
        except Exception as exc:  # The last resort: a status must not end the runner.
            log.trouble("status_not_reported", reason=place_of(exc))
            return self._later()
        self._backoff.reset()
        return 0.0

    def _later(self) -> float:
        self._state.changed.set()
        return self._backoff.next_delay()

    async def _change_or_period(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._period_s):
                    await self._state.changed.wait()
                return
            except TimeoutError:
                if time.monotonic() - self._api.beat_s >= self._period_s:
                    return
