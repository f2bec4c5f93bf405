"""What ends by itself is started again, though not for ever."""

import signal
import sys
from pathlib import Path

import pytest

from local import processes
from local.errors import LocalCloudError
from local.watching import Kept, Watch

_SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
_FAILS = [sys.executable, "-c", "import sys; print('no model'); sys.exit(3)"]


def kept(tmp_path: Path, command: list[str]) -> Kept:
    def start() -> processes.Child:
        return processes.start("program", command, {}, tmp_path / "log")

    return Kept(start(), start)


def test_program_runs_again_and_it_is_said_why_when_it_was_killed(tmp_path: Path) -> None:
    said: list[str] = []
    program = kept(tmp_path, _SLEEPER)
    program.child.process.send_signal(signal.SIGKILL)
    program.child.process.wait()

    again = Watch(said.append).tend([program])

    assert again == [program]
    assert not program.child.ended
    assert said == ["program was killed by SIGKILL; starting it again", "program runs again"]
    program.child.stop()


def test_nothing_is_done_when_everything_runs(tmp_path: Path) -> None:
    program = kept(tmp_path, _SLEEPER)

    assert Watch(lambda _: None).tend([program]) == []
    program.child.stop()


def test_local_cloud_ends_with_the_reason_when_a_program_ends_again_and_again(
    tmp_path: Path,
) -> None:
    program = kept(tmp_path, _FAILS)
    watch = Watch(lambda _: None)

    def tend_until_it_gives_up() -> None:
        while True:
            program.child.process.wait()
            watch.tend([program])

    with pytest.raises(LocalCloudError, match="program ended with 3: no model, and 5 programs"):
        tend_until_it_gives_up()


def test_earlier_endings_are_forgotten_when_they_are_long_ago(tmp_path: Path) -> None:
    now = [0.0]
    program = kept(tmp_path, _FAILS)
    watch = Watch(lambda _: None, lambda: now[0])

    for minute in range(0, 120, 10):
        now[0] = minute * 60.0 + minute
        program.child.process.wait()
        assert watch.tend([program]) == [program]
    program.child.stop()
