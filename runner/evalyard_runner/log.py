"""One line per event: a constant past-tense name, then `key=value` fields.

Progress goes to stdout, trouble to stderr. Prompts, outputs, tokens and keys never come here.
A line that cannot be written, for a full disk or a closed pipe, is lost, and nothing else is.
The last troubles are remembered, so that the API can show them.
"""

import json
import os
import sys
import time
from collections import deque
from typing import Final, NamedTuple, TextIO

_LONGEST_VALUE = 300
_REMEMBERED: Final = 20
# What the API takes of one; escaped letters make a short text long.
_LONGEST_DETAIL: Final = 1_000


class Trouble(NamedTuple):
    """Something that went wrong; `at_s` by the monotonic clock. No job is named in it."""

    number: int
    at_s: float
    event: str
    detail: str


_troubles: deque[Trouble] = deque(maxlen=_REMEMBERED)


def progress(event: str, **fields: object) -> None:
    """What went as it should."""
    write(sys.stdout, _line(event, fields))


def trouble(event: str, **fields: object) -> None:
    """What an operator may have to look at."""
    remember(event, **fields)
    write(sys.stderr, _line(event, fields))


def remember(event: str, **fields: object) -> None:
    """Count an event among the troubles; the line, if there is one, is written by others."""
    number = _troubles[-1].number + 1 if _troubles else 1
    # Others than the job's owner may see the device.
    detail = _pairs({key: value for key, value in fields.items() if key != "job_id"})
    _troubles.append(Trouble(number, time.monotonic(), event, detail[:_LONGEST_DETAIL]))


def troubles() -> list[Trouble]:
    """The last troubles of this process, oldest first; their numbers count all of them."""
    return list(_troubles)


def write(stream: TextIO, line: str) -> None:
    """One line, at once; in ASCII where the stream has no letters for it."""
    try:
        print(line, file=stream, flush=True)
    except UnicodeEncodeError:
        write(stream, line.encode("ascii", "backslashreplace").decode())
    except (OSError, ValueError):
        return


def close() -> None:
    """At the end of the process: what could not be written must not change its exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # Python would try again, and exit with 120: https://docs.python.org/3/library/signal.html
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _line(event: str, fields: dict[str, object]) -> str:
    return f"{event} {_pairs(fields)}".rstrip()


def _pairs(fields: dict[str, object]) -> str:
    return " ".join(f"{key}={_value(value)}" for key, value in fields.items() if value is not None)


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = str(value)[:_LONGEST_VALUE]
    plain = text and text.isprintable() and not any(c in text for c in ' "=')
    return text if plain else json.dumps(text)
