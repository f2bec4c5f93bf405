"""Where the output of an invocation ends, out of what its process writes."""

import queue
import time
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator import outputs
from local.emulator.outputs import marked, read_output

MARK = "\x1eevalyard-end "


def process(*lines: str, alive: bool = True) -> Any:
    """A process of a function that wrote these lines."""
    written: queue.Queue[str] = queue.Queue()
    for line in lines:
        written.put(line)
    return SimpleNamespace(
        _stderr_queue=written, _stderr_thread=SimpleNamespace(is_alive=lambda: alive)
    )


@pytest.mark.parametrize(
    ("lines", "output"),
    [
        ((f"{MARK}r1",), ""),
        (("one", "", f"{MARK}r1", "later"), "one\n"),
        (("one", f"no end{MARK}r1"), "one\nno end"),
        ((f"late{MARK}r0", "one", f"{MARK}r1"), "late\none"),
    ],
)
def test_output_ends_at_the_mark_of_its_own_invocation(lines: tuple[str, ...], output: str) -> None:
    assert read_output(process(*lines), "r1") == output


def test_output_is_all_there_is_when_the_process_is_gone() -> None:
    assert read_output(process("one", "two", alive=False), "r1") == "one\ntwo"


def test_output_is_not_awaited_for_long_when_no_mark_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "_WITHIN_S", 0.01)
    began = time.monotonic()

    assert read_output(process("one"), "r1") == "one"
    assert time.monotonic() > began + 0.01


def test_start_is_refused_when_the_script_of_processes_is_another() -> None:
    with pytest.raises(SystemExit, match="otherwise than expected"):
        marked("print('another script')")
