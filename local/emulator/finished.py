"""Invocations that are over, for the log of the local cloud.

MiniStack opens a log stream for each invocation and keeps all of them. They are taken out at once
and handed over together: to ask its API for each took three calls of every invocation, and one of
every function each second.
"""

from collections import deque
from typing import Any

# Of those that no one asks for, the oldest are dropped.
_KEPT = 10_000
_LAST_LINE = "REPORT RequestId"


class Finished:
    """What CloudWatch would have of them, until it is taken."""

    def __init__(self) -> None:
        self._kept: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def attach(self, services: Any, logs: Any) -> None:
        """Takes each invocation out of MiniStack's logs once it has written it there."""
        emit = services._emit_lambda_logs

        def emit_and_take(func: Any, *arguments: Any, **named: Any) -> None:
            emit(func, *arguments, **named)
            config = func.get("config") or func
            group = (config.get("LoggingConfig") or {}).get("LogGroup")
            self._take(logs, group or f"/aws/lambda/{config['FunctionName']}")

        services._emit_lambda_logs = emit_and_take

    def take(self) -> list[dict[str, Any]]:
        """Of each since the last time its log group and its events (`timestamp`, `message`)."""
        taken = []
        while self._kept:
            taken.append(self._kept.popleft())
        return taken

    def _take(self, logs: Any, group: str) -> None:
        streams = logs._log_groups[group]["streams"]
        for name in list(streams):
            events = list(streams[name]["events"]) if name in streams else []
            # Threads do this at the same time: only one of them gets a stream.
            over = bool(events) and events[-1]["message"].startswith(_LAST_LINE)
            if over and streams.pop(name, None):
                self._kept.append({"group": group, "events": events})
