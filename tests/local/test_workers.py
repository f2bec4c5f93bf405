"""A process of a function starts only where there is memory, if need be in another's place."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator import workers
from local.emulator.archives import Archives
from local.emulator.workers import Workers

MIB = 1024**2


class Runtime:
    """The part of MiniStack's pools that counts here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[str, list[Any]] = {"f": []}
        self.killed: list[Any] = []

    def add(self, pid: int, *, in_use: bool, last_used: float = 0.0) -> Any:
        process = SimpleNamespace(pid=pid, poll=lambda: None)
        worker = SimpleNamespace(
            func_name="f", _proc=process, in_use=in_use, last_used=last_used, _tmpdir=None
        )
        self._workers["f"].append(worker)
        return worker

    def acquire(self) -> tuple[Any, str]:
        worker = SimpleNamespace(func_name="f", _proc=None, in_use=True, last_used=0.0)
        self._workers["f"].append(worker)
        return worker, "spawn"

    def kill_workers(self, doomed: list[Any]) -> None:
        self.killed += doomed


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def acquire(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """MiniStack's way to a process, with each process holding 500 MB and no time to wait."""
    monkeypatch.setattr(workers, "_WAITS_S", 0.01)
    monkeypatch.setattr(workers, "resident_bytes", lambda pids: 500 * MIB * len(list(pids)))
    monkeypatch.setattr(workers, "available_bytes", lambda: 8 * 1024 * MIB)
    monkeypatch.setattr(workers, "total_bytes", lambda: 16 * 1024 * MIB)
    attached = Workers(runtime, None, Archives((tmp_path,)), tmp_path)
    return attached._with_room(runtime.acquire)


def test_process_starts_when_there_is_room(runtime: Runtime, acquire: Any) -> None:
    for pid in range(3):
        runtime.add(pid, in_use=True)

    assert acquire()[1] == "spawn"
    assert runtime.killed == []


def test_longest_idle_process_ends_when_a_new_one_needs_its_room(
    runtime: Runtime, acquire: Any
) -> None:
    for pid in range(3):
        runtime.add(pid, in_use=True)
    runtime.add(3, in_use=False, last_used=20.0)
    idle = runtime.add(4, in_use=False, last_used=10.0)

    assert acquire()[1] == "spawn"
    assert runtime.killed[0] is idle


def test_call_is_throttled_when_all_that_fits_is_in_use(runtime: Runtime, acquire: Any) -> None:
    busy = [runtime.add(pid, in_use=True) for pid in range(4)]

    assert acquire() == (None, "func_cap")
    assert runtime._workers["f"] == busy
    assert runtime.killed == []


def test_call_is_throttled_when_the_machine_has_no_memory_left(
    runtime: Runtime, acquire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "available_bytes", lambda: 300 * MIB)
    for pid in range(3):
        runtime.add(pid, in_use=True)

    assert acquire() == (None, "func_cap")


def test_first_processes_start_whatever_the_machine_has_left(
    runtime: Runtime, acquire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "available_bytes", lambda: 0)

    assert [acquire()[1] for _ in range(4)] == ["spawn", "spawn", "spawn", "func_cap"]
