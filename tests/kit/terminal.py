"""A command at a pseudo-terminal, as a person has it: what is seen there, and what is typed."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Colours, moves of the cursor, and the names of windows.
_CONTROL = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07)")


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Of a person's shell, with nothing of this process but where programs are."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "client"),
        "HOME": str(home),
        "TERM": "xterm",
        "COLUMNS": "150",
        "LANG": "C.UTF-8",
        **variables,
    }


@dataclass
class Terminal:
    """A process at a terminal of its own."""

    process: subprocess.Popen[bytes]
    _master: int
    _seen: bytearray = field(default_factory=bytearray)

    @property
    def seen(self) -> str:
        """All that stood there, without colours."""
        return _CONTROL.sub("", self.raw)

    @property
    def raw(self) -> str:
        """The same as the terminal got it."""
        return self._seen.decode("utf-8", "replace")

    def until(self, text: str) -> None:
        """Read until a text is seen; fails where the process ends before."""
        while text not in self.seen:
            assert self._read(), f"{text!r} was not seen in:\n{self.seen}"

    def type(self, text: str) -> None:
        """What a person types; a Ctrl-C is the character 3."""
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self.process.wait(timeout=60)

    def _read(self) -> bytes:
        try:
            piece = os.read(self._master, 4_096)
        except OSError:  # The other end is closed.
            return b""
        self._seen += piece
        return piece


def _sit_down() -> None:
    """As a shell starts a command: it owns the terminal, and Ctrl-C reaches it.

    A suite that was started in the background has its processes ignore Ctrl-C.
    """
    ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def evalyard(
    *arguments: str, env: Mapping[str, str], cwd: Path | None = None
) -> Iterator[Terminal]:
    """The command at a terminal, until the block ends."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "evalyard", *arguments],
        env=env,
        cwd=cwd,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_sit_down,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)
