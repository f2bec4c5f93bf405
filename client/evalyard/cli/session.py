"""What every command shares: the connection, the format, and who reads stdout and stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evalyard.cli.streams import tell

if TYPE_CHECKING:
    from evalyard.client import Evalyard

FORMATS = ("table", "json", "jsonl", "csv", "md")


class Session:
    """One call of the command. Options may stand before or after the subcommand."""

    def __init__(self, connect: Callable[..., Any] | None = None) -> None:
        self._connect = connect or _patiently
        self._ev: Evalyard | None = None
        self.options: dict[str, Any] = {}
        # The exit code where the reader of stdout has seen enough.
        self.code = 0

    @property
    def ev(self) -> Evalyard:
        """The deployment, connected when it is first needed."""
        if self._ev is None:
            names = ("url", "token", "profile")
            self._ev = self._connect(**{name: self.options.get(name) for name in names})
        return self._ev

    def close(self) -> None:
        """Close the connections that it made."""
        if self._ev is not None and self._connect is _patiently:
            self._ev.close()

    @property
    def format(self) -> str:
        """As asked for; else a table for a person and JSON lines for a program."""
        chosen = self.options.get("format")
        return str(chosen) if chosen else ("table" if sys.stdout.isatty() else "jsonl")

    @property
    def lively(self) -> bool:
        """Whether a bar may be drawn on stderr."""
        dumb = os.environ.get("TERM") == "dumb" or bool(os.environ.get("CI"))
        return sys.stderr.isatty() and not dumb and not self.quiet

    @property
    def quiet(self) -> bool:
        """Whether only data and errors are wanted."""
        return bool(self.options.get("quiet"))

    def say(self, text: str) -> None:
        """A line for a person, on stderr."""
        if not self.quiet:
            tell(text)

    def warn(self, text: str) -> None:
        """A line that also -q does not hide."""
        tell(text)


def _patiently(**options: Any) -> Evalyard:
    # Imported here, as help and completion need no HTTP.
    from evalyard.client import Evalyard
    from evalyard.core.sending import Patience

    # A person waits less than a program: four tries in 4 seconds, unless the service asks for more.
    return Evalyard(**options, patience=Patience(retries=3, max_wait_s=60.0))
