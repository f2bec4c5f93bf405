"""Runs the command: errors become a line on stderr and an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import click

from evalyard import __version__
from evalyard.cli import exits
from evalyard.cli.app import app
from evalyard.cli.explaining import explained
from evalyard.cli.session import Session
from evalyard.errors import EvalyardError


def run(arguments: list[str], connect: Callable[..., Any] | None = None) -> int:
    """The exit code of one call; `connect` makes the SDK's client."""
    _open_streams()
    _speak_utf8()
    session = Session(connect)
    try:
        code = app.main(arguments, prog_name="evalyard", obj=session, standalone_mode=False)
        session.code = code if isinstance(code, int) else exits.GOOD
        sys.stdout.flush()
        return session.code
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return exits.USAGE
    except EvalyardError as error:
        print("error: " + "\n".join(explained(error)), file=sys.stderr)
        return exits.of_error(error)
    except (KeyboardInterrupt, click.Abort):
        print("interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return session.code
    except OSError as error:
        # A file that cannot be written, a disk that is full.
        print(f"error: {error}", file=sys.stderr)
        return exits.USAGE
    except Exception:
        # The last resort: Python's own exit code would be that of a regression.
        traceback.print_exc()
        print(f"error: this is a fault of evalyard {__version__}", file=sys.stderr)
        return exits.USAGE


def _open_streams() -> None:
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
