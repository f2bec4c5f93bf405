"""Standard streams as a command finds them: closed, of another encoding, or without a reader."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress


def prepare() -> None:
    """Before anything is read or written."""
    _open_closed()
    _speak_utf8()


def tell(text: str) -> None:
    """A line on stderr; one that has no reader any more stops nothing."""
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        lead_nowhere()


def lead_nowhere() -> None:
    """Both outputs, once a reader has left: Python would complain again when it ends."""
    for stream in (sys.stdout, sys.stderr):
        # What a test has in its place has no descriptor.
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_closed() -> None:
    """Streams that the caller closed lead nowhere, instead of to whatever is opened first."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w"))


def _speak_utf8() -> None:
    """Data is UTF-8 also where the locale is not; a terminal that cannot show a sign gets `?`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() != "utf-8":
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8")
