"""Log lines of Powertools' form, written in a fraction of its time.

A line that is an event's name with its fields, as nearly all are, needs nothing of what
Powertools does to others: no attempt to read it as JSON, no exception to take apart. And where
only Powertools' own handler writes it, no record is made for handlers to hand on.
"""

import logging
import sys
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from time import localtime, strftime
from types import FrameType
from typing import Any

import msgspec
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.filters import SuppressFilter
from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS, LambdaPowertoolsFormatter

from shared import clock

# What every record has; what an event has in addition comes after it.
_STANDARD = len(logging.makeLogRecord({}).__dict__)
# Fields that records refuse, leave out, or take for something else.
_NO_FIELDS = {*RESERVED_LOG_ATTRS, *logging.makeLogRecord({}).__dict__, "message", "asctime"}
_NO_FIELDS |= {"exc_info", "stack_info", "stacklevel", "extra"}
_encoder = msgspec.json.Encoder(enc_hook=str)


@lru_cache(maxsize=1)
def _moment(second: int) -> str:
    """A second in Powertools' form, with `%F` for its milliseconds."""
    return strftime(EventFormatter.default_time_format.replace("%F", "%%F"), localtime(second))


def _is_event(message: object) -> bool:
    """Whether it is a name, which no JSON document is that Powertools would take apart."""
    return isinstance(message, str) and message.isidentifier()


class EventFormatter(LambdaPowertoolsFormatter):
    """Writes what `LambdaPowertoolsFormatter` writes."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        if record.exc_info or record.args or not _is_event(record.msg):
            return super().format(record)
        fields = islice(record.__dict__.items(), _STANDARD, None)
        try:
            return self.event_line(
                record.msg,
                record.levelname,
                f"{record.funcName}:{record.lineno}",
                int(record.created) * 1_000 + int(record.msecs),
                ((name, value) for name, value in fields if name not in RESERVED_LOG_ATTRS),
            )
        except (TypeError, ValueError):
            return super().format(record)

    def event_line(
        self,
        name: object,
        level: str,
        place: str,
        at_ms: int,
        fields: Iterable[tuple[str, Any]],
    ) -> str:
        """The line of an event. Raises TypeError or ValueError for fields that are no JSON."""
        second, ms = divmod(at_ms, 1_000)
        line = {
            **self.log_format,
            "level": level,
            "location": place,
            "timestamp": _moment(second).replace("%F", f"{ms:03d}"),
            **self.thread_safe_get_current_keys(),
        }
        line.update(fields)
        line["message"] = name
        line["xray_trace_id"] = self._get_latest_trace_id()
        said = {name: value for name, value in line.items() if value is not None}
        return _encoder.encode(said).decode()


class EventLogger(Logger):
    """Powertools' logger with `EventFormatter`; most events at INFO take no record."""

    def __init__(self) -> None:
        super().__init__(log_uncaught_exceptions=False, logger_formatter=EventFormatter())

    def info(self, msg: object, *args: object, stacklevel: int = 2, **fields: Any) -> None:
        """Write a line, as Powertools would."""
        if args or stacklevel != 2 or not self._is_heard_here_only(msg, fields):
            # Lines name the place of the caller, which is one call further away from here.
            super().info(msg, *args, stacklevel=stacklevel + 1, **fields)
        elif self._logger.isEnabledFor(logging.INFO):
            self._write(str(msg), sys._getframe(1), fields)

    def _is_heard_here_only(self, msg: object, fields: dict[str, Any]) -> bool:
        """Whether it is an event, and no handler but the one of `EventFormatter` hears of it."""
        handlers = self._logger.handlers
        return (
            _is_event(msg)
            and _NO_FIELDS.isdisjoint(fields)
            and not self._logger.filters
            and len(handlers) == 1
            and type(handlers[0]) is logging.StreamHandler
            and type(handlers[0].formatter) is EventFormatter
            and not handlers[0].filters
            and handlers[0].level <= logging.INFO
            and self._logger.parent is logging.root
            and all(_is_deaf(each, self.service) for each in logging.root.handlers)
        )

    def _write(self, event: str, caller: FrameType, fields: dict[str, Any]) -> None:
        handler: Any = self._logger.handlers[0]
        place = f"{caller.f_code.co_name}:{caller.f_lineno}"
        at_ms = clock.now_us() // 1_000
        try:
            line = handler.formatter.event_line(event, "INFO", place, at_ms, fields.items())
        except (TypeError, ValueError):
            super().info(event, stacklevel=4, **fields)
            return
        with handler.lock:
            handler.stream.write(line + handler.terminator)
            handler.stream.flush()


def _is_deaf(handler: logging.Handler, service: str) -> bool:
    """Whether Powertools keeps a service's lines from a handler, as it does with Lambda's."""
    filters = (each for each in handler.filters if isinstance(each, SuppressFilter))
    return any(each.logger in service for each in filters)
