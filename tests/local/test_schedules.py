"""Schedules that came due while the local cloud was down are fired one by one."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator.schedules import spread_rates

NOW = 1_000_000.0
RATES = {"rate(1 minute)": 60, "rate(1 hour)": 3_600}


def scheduler(**created: tuple[str, float]) -> Any:
    """MiniStack's, which fires what is due by its own rule."""
    schedules = {
        name: {"ScheduleExpression": expression, "CreationDate": at}
        for name, (expression, at) in created.items()
    }
    module = SimpleNamespace(
        _schedules=SimpleNamespace(_data=schedules),
        _schedule_last_fired={},
        _SCHEDULE_TICK_INTERVAL=10,
        fired=[],
    )

    def fire() -> None:
        for name, schedule in schedules.items():
            interval = RATES.get(schedule["ScheduleExpression"])
            last = module._schedule_last_fired.setdefault(name, schedule["CreationDate"])
            if interval and time.time() - last >= interval:
                module._schedule_last_fired[name] = time.time()
                module.fired.append(name)

    module._tick_schedules = fire
    spread_rates(module, SimpleNamespace(_parse_rate_seconds=RATES.get))
    return module


def fired_by_tick(module: Any, ticks: int, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    seen = []
    for tick in range(ticks):
        monkeypatch.setattr(time, "time", lambda tick=tick: NOW + 10.0 * tick)
        module.fired.clear()
        module._tick_schedules()
        seen.append(list(module.fired))
    return seen


def test_each_look_fires_one_of_those_that_are_due_after_a_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = scheduler(
        a=("rate(1 minute)", NOW - 900), b=("rate(1 hour)", NOW - 9_000), c=("rate(1 minute)", 0.0)
    )

    assert fired_by_tick(module, 9, monkeypatch) == (
        [["a"], ["b"], ["c"], [], [], [], ["a"], [], ["c"]]
    )


def test_what_is_not_due_keeps_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    module = scheduler(new=("rate(1 minute)", NOW - 30), daily=("cron(0 4 * * ? *)", 0.0))

    assert fired_by_tick(module, 5, monkeypatch) == [[], [], [], ["new"], []]
