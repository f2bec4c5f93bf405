"""Log lines are those of Powertools, letter by letter."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from shared import clock
from shared.log_lines import EventFormatter, EventLogger
from tests.conftest import HeldClock

_numbers = count()


def _record(message: object, /, *args: object, **fields: object) -> logging.LogRecord:
    record = logging.LogRecord("n", logging.WARNING, __file__, 7, message, args, None, "work")
    record.__dict__.update(fields)
    return record


def _lines(record: logging.LogRecord, **keys: Any) -> list[str]:
    formatters = LambdaPowertoolsFormatter(), EventFormatter()
    for each in formatters:
        each.append_keys(service="datasets", **keys)
    return [each.format(record) for each in formatters]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"status": 200, "code": None, "duration_ms": 1.5, "caller": "größer", "ok": True},
        {"level": "mine", "location": "there", "message": "other", "timestamp": "now"},
        {"names": ["a", "b"], "counts": {"a": 1}, "deep": {"a": [None, {"b": "\u2028"}]}},
        {"error": ValueError("what")},
        {"quote": '"\\\n\x00', "service": "another", "xray_trace_id": "none"},
    ],
    ids=["none", "plain", "reserved", "nested", "an object", "escapes"],
)
def test_a_line_is_that_of_powertools_when_it_is_an_events_name(fields: dict[str, Any]) -> None:
    theirs, ours = _lines(_record("request_served", **fields), request_id="r-1", later=None)

    assert ours == theirs


def test_a_line_is_that_of_powertools_when_lambda_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2;Parent=3")

    theirs, ours = _lines(_record("request_served"))

    assert ours == theirs
    assert json.loads(ours)["xray_trace_id"] == "1-2"


@pytest.mark.parametrize(
    ("message", "args"),
    [("%s rows", (3,)), ({"a": 1}, ()), (None, ()), ("plain text", ()), ('{"a": 1}', ())],
    ids=str,
)
def test_a_line_is_that_of_powertools_when_it_is_no_event(message: object, args: tuple) -> None:
    theirs, ours = _lines(_record(message, *args))

    assert ours == theirs


def test_a_line_is_that_of_powertools_when_there_is_an_exception() -> None:
    record = _record("work_failed", day="2026-11-28")
    try:
        raise ValueError("what")
    except ValueError:
        record.exc_info = sys.exc_info()

    theirs, ours = _lines(record)

    assert ours == theirs
    assert json.loads(ours)["exception_name"] == "ValueError"


def test_a_line_is_written_when_its_fields_are_no_json() -> None:
    surrogate, moment = "\ud800", datetime(2026, 11, 28, tzinfo=UTC)

    assert json.loads(_lines(_record("e", text=surrogate))[1])["text"] == surrogate
    assert json.loads(_lines(_record("e", at=moment))[1])["at"].startswith("2026-11-28")


def test_seconds_and_milliseconds_are_the_records_when_lines_follow_each_other() -> None:
    formatter = EventFormatter()
    for created in (1_795_906_379.0, 1_795_906_379.6351, 1_795_906_380.999_9, 1_795_906_379.0):
        record = _record("e")
        record.created, record.msecs = created, (created % 1) * 1_000

        moment = json.loads(formatter.format(record))["timestamp"]

        assert moment == LambdaPowertoolsFormatter().formatTime(record)


class _Heard(logging.Handler):
    """Keeps what it hears of."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def _root_with(*handlers: logging.Handler) -> Iterator[None]:
    """A root logger with these handlers only, without those of pytest."""
    kept = logging.root.handlers
    logging.root.handlers = list(handlers)
    try:
        yield
    finally:
        logging.root.handlers = kept


def _made(kind: type[Logger]) -> tuple[Logger, io.StringIO]:
    """A new logger, of ours or of Powertools with our formatter, and what it writes to."""
    service, text = f"lines-{next(_numbers)}", io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_SERVICE_NAME", service)
        ours = kind is EventLogger
        logger = EventLogger() if ours else Logger(logger_formatter=EventFormatter())
    logger.registered_handler.stream = text  # type: ignore[attr-defined]  # It is a StreamHandler.
    logger.append_keys(request_id="r-1", service="lines")
    return logger, text


def _said(kind: type[Logger], heard: _Heard, *args: Any, **fields: Any) -> list[dict[str, Any]]:
    """The lines that a new logger writes, their members in order, without their times."""
    with _root_with(heard):
        logger, text = _made(kind)
        logger.info(*args, **fields)
    lines = [json.loads(line) for line in text.getvalue().splitlines()]
    assert all(line.pop("timestamp") for line in lines)
    return lines


@pytest.mark.parametrize(
    ("args", "fields"),
    [
        (("request_served",), {}),
        (("request_served",), {"status": 200, "code": None, "ms": 1.5, "caller": "größer\n"}),
        (("request_served",), {"level": "mine", "message_": "other", "service": "another"}),
        (("request_served",), {"error": ValueError("what"), "text": "\ud800"}),
        (("request_served",), {"extra": {"more": 1}}),
        (("request_served",), {"stacklevel": 2, "stack_info": True}),
        (("request_served",), {"exc_info": ValueError("what")}),
        (("two words",), {"more": 1}),
        (("%s words", 2), {"more": 1}),
        (({"a": 1},), {}),
    ],
    ids=str,
)
def test_a_line_is_that_of_a_record_when_none_is_made(
    args: tuple[Any, ...], fields: dict[str, Any]
) -> None:
    heard = _Heard()

    ours, theirs = (_said(kind, heard, *args, **fields) for kind in (EventLogger, Logger))

    assert ours == theirs
    assert list(map(list, ours)) == list(map(list, theirs))
    assert ours[0]["location"].startswith("_said:")
    assert not heard.records


def test_no_record_is_made_when_nothing_else_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.Logger, "makeRecord", None)

    [line] = _said(EventLogger, _Heard(), "request_served", status=200)

    assert line["message"] == "request_served"


def test_a_moment_is_that_of_the_clock_when_no_record_is_made(held_clock: HeldClock) -> None:
    held_clock.advance(0.25)
    with _root_with():
        logger, text = _made(EventLogger)
        logger.info("request_served")

    written = datetime.strptime(json.loads(text.getvalue())["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z")
    assert round(written.timestamp() * 1_000) == clock.now_us() // 1_000


@pytest.mark.parametrize("others", [(), (_Heard(),)], ids=["alone", "with another"])
def test_others_hear_when_they_listen(others: tuple[_Heard, ...]) -> None:
    with _root_with(*others):
        logger, text = _made(EventLogger)
    late = _Heard()

    with _root_with(*others, late):
        logger.info("request_served", status=200)

    assert [vars(record)["status"] for record in late.records] == [200]
    assert not any(each.records for each in others)
    assert json.loads(text.getvalue())["status"] == 200


def test_nothing_is_written_when_the_level_is_higher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "WARNING")

    assert not _said(EventLogger, _Heard(), "request_served")
