"""Server-sent events out of lines: https://html.spec.whatwg.org/multipage/server-sent-events.html;
no I/O.
"""

from dataclasses import dataclass
from typing import Final

from evalyard_runner.backends.chunks import is_json

DONE: Final = "[DONE]"


@dataclass(frozen=True)
class Event:
    """`name` is `error` for what a server calls an error."""

    name: str
    data: str


class Events:
    """Fed with the lines in order.

    An event ends with an empty line, but one whose first `data` line is complete JSON is given at
    once: nothing can follow it, and some servers leave the empty lines out.
    """

    def __init__(self) -> None:
        self._name = ""
        self._data: list[str] = []

    def hear(self, line: str) -> Event | None:
        """The event that this line completes."""
        if not line:
            return self.end()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "error":
            return Event("error", value)
        if field == "event":
            self._name = value.strip()
        elif field == "data" and (self._data or value.strip()):
            self._data.append(value)
            return self.end() if len(self._data) == 1 and _complete(value) else None
        return None

    def end(self) -> Event | None:
        """What is left when an event, or the stream, ends."""
        event = Event(self._name, "\n".join(self._data)) if self._data else None
        self._name, self._data = "", []
        return event


def _complete(text: str) -> bool:
    return text.strip() == DONE or is_json(text)
