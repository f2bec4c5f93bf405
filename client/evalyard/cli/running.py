"""Runs the command: errors become a line on stderr and an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import shell_complete

from evalyard import __version__
from evalyard.cli import exits, streams
from evalyard.cli.app import app
from evalyard.cli.explaining import explained
from evalyard.cli.session import Session
from evalyard.errors import EvalyardError

_NAME = "evalyard"


def run(arguments: list[str], connect: Callable[..., Any] | None = None) -> int:
    """The exit code of one call; `connect` makes the SDK's client."""
    streams.prepare()
    session = Session(connect)
    try:
        code = _called(arguments, session)
        session.code = code if isinstance(code, int) else exits.GOOD
        sys.stdout.flush()
        return session.code
    except BrokenPipeError:
        # The reader has seen enough, which changes nothing about what was found.
        streams.lead_nowhere()
        return session.code
    except (Exception, KeyboardInterrupt) as error:
        code, lines = _ending(error)
        streams.tell(lines)
        return code
    finally:
        session.close()


def _called(arguments: list[str], session: Session) -> object:
    """What the subcommand returns. Not by click's `main`, for which a reader that left is 1."""
    completing = os.environ.get("_EVALYARD_COMPLETE")
    if completing:
        return shell_complete(app, {}, _NAME, "_EVALYARD_COMPLETE", completing)
    try:
        with app.make_context(_NAME, arguments, obj=session) as context:
            return app.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code


def _ending(error: BaseException) -> tuple[int, str]:
    """The exit code of what ended a command, and what to say about it."""
    if isinstance(error, EvalyardError):
        return exits.of_error(error), "error: " + "\n".join(explained(error))
    if isinstance(error, click.ClickException):
        text = io.StringIO()
        error.show(file=text)
        return exits.USAGE, text.getvalue().rstrip()
    if isinstance(error, (KeyboardInterrupt, EOFError, click.Abort)):
        return exits.INTERRUPTED, "interrupted"
    if isinstance(error, OSError):
        # A file that cannot be written, a disk that is full.
        return exits.USAGE, f"error: {error}"
    if isinstance(error, UnicodeError):
        # Arguments in another encoding than that of the locale, say.
        return exits.USAGE, f"error: a text is not UTF-8: {error}"
    # The last resort: Python's own exit code would be that of a regression.
    shown = "".join(traceback.format_exception(error))
    return exits.USAGE, f"{shown}error: this is a fault of evalyard {__version__}"
