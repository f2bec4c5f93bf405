"""Programs that the local cloud starts, and those that a killed run left behind."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_KILL_AFTER_S = 20.0


@dataclass(frozen=True)
class Child:
    """One running program, in a session of its own so that Ctrl-C reaches it only through us."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self.process.poll() is not None

    @property
    def ending(self) -> str:
        """How it ended, for a message; only once it has."""
        status = self.process.returncode
        if status is not None and status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        return f"ended with {status}: {self.last_words()}"

    def last_words(self) -> str:
        """The last line of its log, for an error message."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it printed nothing"

    def stop(self, within_s: float = _KILL_AFTER_S) -> None:
        """Asks it to end, waits, insists; lets go of one that has ended."""
        if not self.ended:
            self.process.terminate()
            try:
                self.process.wait(timeout=within_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


def start(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    folder: Path | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Child:
    """Starts a program in a folder; it writes to its log, appending."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Child(name, process, log)


def note(file: Path, children: Sequence[Child]) -> None:
    """Writes down who runs, so that `end_left_behind` of the next run can find them."""
    rows = [{"pid": each.process.pid, "born": _born(each.process.pid)} for each in children]
    file.write_text(json.dumps(rows))


def end_left_behind(file: Path) -> None:
    """Ends what a killed run could not; a pid that belongs to another program now is left."""
    try:
        rows = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return
    for row in rows:
        if row["born"] is not None and _born(row["pid"]) == row["born"]:
            _end(row["pid"])
    file.unlink(missing_ok=True)


def end_holder(lock: Path) -> None:
    """Ends the program that holds a lock file and wrote its pid there, if there is one."""
    if not lock.exists():
        return
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            text = file.read().strip()
            if text.isdecimal():
                _end(int(text))


def _end(pid: int) -> None:
    born = _born(pid)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _KILL_AFTER_S
    while _born(pid) == born and time.monotonic() < deadline:
        time.sleep(0.1)
    if _born(pid) == born:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _born(pid: int) -> str | None:
    """When the kernel started this process; with the pid it names one process only."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] == "Z" else fields[19]
