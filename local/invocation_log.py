"""One line per function invocation, as the local AWS hands them over (`local.emulator.finished`).

What functions print goes to `output.log` in the same folder.
"""

import json
import logging
import re
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from local.emulator import INVOCATIONS_PATH
from local.home import Home
from local.log_files import append
from local.stack import Stack

_EVERY_S = 1.0
_WITHIN_S = 10.0
_log = logging.getLogger("evalyard")
_DURATION = re.compile(r"Duration: (\d+(?:\.\d+)?) ms")


@dataclass(frozen=True)
class Invocation:
    """What one log stream says about one invocation."""

    at_ms: int
    function: str
    status: str
    duration_ms: float
    printed: tuple[str, ...]

    def line(self) -> str:
        """As in `19:22:01.123 datasets 200 12 ms`."""
        clock = time.strftime("%H:%M:%S", time.localtime(self.at_ms / 1000))
        at = f"{clock}.{self.at_ms % 1000:03d}"
        return f"{at} {self.function:<20} {self.status:<8} {self.duration_ms:7.0f} ms"


def read_invocation(function: str, events: Iterable[dict[str, Any]]) -> Invocation | None:
    """None while the stream has no REPORT line, which comes last."""
    rows = list(events)
    report = next((e for e in rows if e["message"].startswith("REPORT RequestId")), None)
    if report is None:
        return None
    duration = _DURATION.search(report["message"])
    marks = ("START RequestId", "END RequestId", "REPORT RequestId")
    printed = tuple(e["message"].rstrip() for e in rows if not e["message"].startswith(marks))
    return Invocation(
        at_ms=int(report["timestamp"]),
        function=function,
        status=status_of(printed),
        duration_ms=float(duration.group(1)) if duration else 0.0,
        printed=printed,
    )


def status_of(printed: Iterable[str]) -> str:
    """`timeout`, `error`, the HTTP status that the function logged, or `ok`."""
    status = "ok"
    for text in printed:
        if "Task timed out after" in text:
            return "timeout"
        if text.startswith("Traceback (most recent call last)"):
            return "error"
        status = _logged_status(text) or status
    return status


def _logged_status(text: str) -> str | None:
    if not text.startswith("{"):
        return None
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    status = fields.get("status") if isinstance(fields, dict) else None
    return str(status) if isinstance(status, int) else None


class InvocationLog:
    """Follows the functions of a stack on a thread until stopped."""

    def __init__(self, aws: LocalAws, home: Home) -> None:
        self._url = f"{aws.endpoint_url}{INVOCATIONS_PATH}"
        self._lines = home.log("functions")
        self._output = home.log("output")
        self._groups: dict[str, str] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="invocation-log", daemon=True)

    def start(self, stack: Stack) -> None:
        """Begins with what is there already."""
        self.follow(stack)
        self._lines.touch()
        self._thread.start()

    def follow(self, stack: Stack) -> None:
        """Takes over the functions of a stack that was deployed again."""
        self._groups = log_groups(stack)

    def stop(self) -> None:
        """Reads what is left."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _follow(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(_EVERY_S)
            try:
                _append(self._lines, self._output, list(self._finished()))
            except Exception:
                # The last resort: what cannot be read this time must not end the log.
                _log.exception("lines of functions were lost")

    def _finished(self) -> Iterator[Invocation]:
        try:
            with urllib.request.urlopen(self._url, timeout=_WITHIN_S) as answer:  # noqa: S310
                rows = json.load(answer)
        except (OSError, ValueError, HTTPException):
            # The local AWS is being started again.
            return
        for row in rows:
            function = self._groups.get(row["group"])
            invocation = read_invocation(function, row["events"]) if function else None
            if invocation:
                yield invocation


def log_groups(stack: Stack) -> dict[str, str]:
    """Log group → function, by its name in the template."""
    groups = {}
    resources = stack.template.get("Resources", {})
    for logical_id, name in stack.of_type("AWS::Lambda::Function").items():
        chosen = resources[logical_id]["Properties"].get("LoggingConfig", {}).get("LogGroup")
        logical_group = chosen.get("Ref") if isinstance(chosen, dict) else None
        group = stack.physical_ids.get(logical_group or "", f"/aws/lambda/{name}")
        groups[group] = logical_id
    return groups


def note_invocation(home: Home, invocation: Invocation) -> None:
    """A line for a call that CloudWatch knows nothing of."""
    _append(home.log("functions"), home.log("output"), [invocation])


def _append(lines: Path, output: Path, invocations: list[Invocation]) -> None:
    invocations.sort(key=lambda each: each.at_ms)
    append(lines, [each.line() for each in invocations])
    append(output, [f"{each.function}: {text}" for each in invocations for text in each.printed])
