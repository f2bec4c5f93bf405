"""Programs are stopped, also those that a killed run left behind."""

import json
import sys
from pathlib import Path

from local import processes

_SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_child_is_gone_when_it_was_stopped(tmp_path: Path) -> None:
    child = processes.start("sleeper", _SLEEPER, {}, tmp_path / "log")

    child.stop()

    assert child.ended


def test_stubborn_child_is_killed_when_asking_was_not_enough(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    child = processes.start("stubborn", [sys.executable, "-c", code], {}, log)
    while not log.read_text():
        pass

    child.stop(within_s=0.2)

    assert child.ended


def test_last_words_are_the_last_line_of_the_log(tmp_path: Path) -> None:
    code = "print('one'); print('two')"
    child = processes.start("talker", [sys.executable, "-c", code], {}, tmp_path / "log")
    child.process.wait()

    assert child.last_words() == "two"


def test_left_behind_child_is_ended_when_the_next_run_starts(tmp_path: Path) -> None:
    child = processes.start("orphan", _SLEEPER, {}, tmp_path / "log")
    note = tmp_path / "children.json"
    processes.note(note, [child])

    processes.end_left_behind(note)

    assert child.process.wait(timeout=10) != 0
    assert not note.exists()


def test_stranger_is_spared_when_it_has_the_pid_of_a_former_child(tmp_path: Path) -> None:
    stranger = processes.start("stranger", _SLEEPER, {}, tmp_path / "log")
    note = tmp_path / "children.json"
    note.write_text(json.dumps([{"pid": stranger.process.pid, "born": "1"}]))

    processes.end_left_behind(note)

    assert not stranger.ended
    stranger.stop()


def test_holder_of_a_lock_is_ended_when_no_note_told_of_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    code = (
        "import fcntl, os, sys, time; file = open(sys.argv[1], 'a+');"
        "fcntl.flock(file, fcntl.LOCK_EX); file.write(f'{os.getpid()}\\n'); file.flush();"
        "print('held', flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    child = processes.start("holder", [sys.executable, "-c", code, str(lock)], {}, log)
    while not log.read_text():
        pass

    processes.end_holder(lock)

    assert child.process.wait(timeout=10) != 0


def test_nobody_is_ended_when_a_lock_is_free_or_missing(tmp_path: Path) -> None:
    stranger = processes.start("stranger", _SLEEPER, {}, tmp_path / "log")
    lock = tmp_path / "lock"
    processes.end_holder(lock)
    lock.write_text(f"{stranger.process.pid}\n")

    processes.end_holder(lock)

    assert not stranger.ended
    stranger.stop()


def test_it_is_said_how_a_program_ended(tmp_path: Path) -> None:
    failing = processes.start(
        "failing", [sys.executable, "-c", "print('why'); exit(3)"], {}, tmp_path / "a"
    )
    killed = processes.start("killed", _SLEEPER, {}, tmp_path / "b")
    killed.process.kill()
    for each in (failing, killed):
        each.process.wait()

    assert failing.ending == "ended with 3: why"
    assert killed.ending == "was killed by SIGKILL"
