"""While a job runs its heartbeats are all that the runner says of itself."""

import asyncio
import time
from typing import Any

from evalyard_runner.errors import GenerationError
from evalyard_runner.heartbeat import Pulse
from evalyard_runner.presence import CALLS_SETTLE_S, DeviceState, Presence

from tests.kit.loops import finish


class Sensors:
    def read(self) -> dict[str, Any]:
        return {}


class Api:
    """Takes reports, and heartbeats until so many came."""

    def __init__(self, beats: int = 0) -> None:
        self.beat_s, self.beats, self.reports = 0.0, beats, 0

    async def report_status(self, _: Any) -> str:
        self.reports += 1
        return "available"

    async def heartbeat(self, *_: Any) -> bool:
        self.beats -= 1
        return self.beats == 0


class Queues:
    def __init__(self) -> None:
        self.extended = 0

    async def extend(self, _: Any) -> None:
        self.extended += 1


async def _reports(api: Api, *, beating: bool) -> int:
    """The reports of five periods of 0.1 s, with heartbeats that are taken meanwhile or without."""
    state = DeviceState(models=("m",), sensors=Sensors())  # type: ignore[arg-type]
    state.set_job("job_1")
    running = asyncio.create_task(Presence(api, state, 0.1).run())  # type: ignore[arg-type]
    for _ in range(50):
        if beating:
            api.beat_s = time.monotonic()
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})
    return api.reports


def test_no_report_is_made_when_heartbeats_are_taken() -> None:
    beating, silent = Api(), Api()

    async def both() -> None:
        await asyncio.gather(_reports(beating, beating=True), _reports(silent, beating=False))

    finish(both())

    # The first report is made at the beginning.
    assert beating.reports < silent.reports


async def _reported_calls(*running: int) -> bool:
    """Whether calls that run one after the other, within a moment, make a report."""
    state = DeviceState(models=("m",), sensors=Sensors())  # type: ignore[arg-type]
    for calls in running:
        state.set_calls_running(calls)
    await asyncio.sleep(CALLS_SETTLE_S + 0.1)
    return state.changed.is_set()


def test_no_report_is_made_when_a_call_is_over_within_a_moment() -> None:
    assert not finish(_reported_calls(1, 0))


def test_a_report_is_made_when_a_call_runs_longer_than_a_moment() -> None:
    assert finish(_reported_calls(1, 2))


def _pulse(api: Api, queues: Queues, extends_every_s: float) -> Pulse:
    parts: tuple[Any, ...] = (api, queues, None, None, Sensors())
    return Pulse(*parts, period_s=0.001, extends_every_s=extends_every_s)


def test_a_message_is_extended_with_the_first_beat_and_then_when_half_is_over() -> None:
    rarely, often = Queues(), Queues()

    ended = finish(_pulse(Api(beats=5), rarely, 60.0).run())
    finish(_pulse(Api(beats=5), often, 0.0).run())

    assert isinstance(ended, GenerationError)
    assert (rarely.extended, often.extended) == (1, 5)
