"""Log lines are those of Powertools, letter by letter."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from shared.log_lines import EventFormatter


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
