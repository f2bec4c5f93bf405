"""Runners as what they are on a device: processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import IO

from tests.runner.kit.api import TOKEN

RUNNER = Path(__file__).resolve().parents[3] / "runner"


def start(
    *flags: str,
    token: str | None = TOKEN,
    stdout: int | IO[str] = subprocess.PIPE,
    stderr: int | IO[str] = subprocess.PIPE,
    commands: Path | None = None,
    state: Path | None = None,
    **variables: str,
) -> "subprocess.Popen[str]":
    """A runner with these flags; the token comes by the environment. `commands` is a folder with
    programs that the device has, `state` one for what outlives the process; `variables` are more of
    its environment.
    """
    path = os.pathsep.join(filter(None, [str(commands or ""), os.environ["PATH"]]))
    environment = {"PATH": path, "PYTHONPATH": str(RUNNER), **variables}
    if state is not None:
        environment["STATE_DIRECTORY"] = f"{state}:/elsewhere"
    if token:
        environment["EVALYARD_DEVICE_TOKEN"] = token
    return subprocess.Popen(
        [sys.executable, "-m", "evalyard_runner", *flags],
        env=environment,
        stdout=stdout,
        stderr=stderr,
        text=True,
        preexec_fn=_heed_hangups,
    )


def _heed_hangups() -> None:
    """A suite that runs under `nohup` has its processes ignore the signal."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def wait_for(
    satisfied: Callable[[], bool],
    *processes: "subprocess.Popen[str]",
    patience_s: float = 90.0,
) -> None:
    """Until it is so; fails when a process ends before, or it never is."""
    give_up = monotonic() + patience_s
    while not satisfied():
        for process in processes:
            assert process.poll() is None, process.communicate()
        assert monotonic() < give_up
        sleep(0.02)
