"""Every built function answers its sample events as its kind of caller expects."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.rie.conftest import EmulatedFunction
from tools.template import ROOT, read_template

pytestmark = pytest.mark.rie

FUNCTIONS = read_template().functions()


def sample_events(logical_id: str) -> list[Path]:
    name = FUNCTIONS[logical_id]["Properties"]["Handler"].split(".")[1]
    return sorted((ROOT / "events" / name).glob("*.json"))


SAMPLES = [(name, event) for name in sorted(FUNCTIONS) for event in sample_events(name)]


@pytest.mark.parametrize(
    ("function", "event"),
    SAMPLES,
    indirect=["function"],
    ids=[f"{event.parent.name}-{event.stem}" for _, event in SAMPLES],
)
def test_sample_event_is_answered(function: EmulatedFunction, event: Path) -> None:
    sample = json.loads(event.read_text())

    answer = function.invoke(event.read_bytes())

    assert "errorType" not in (answer or {}), answer
    _expectation(sample)(answer)


def _expectation(sample: dict[str, Any]) -> Any:
    if sample.get("type") == "REQUEST":
        return _is_authorization
    if "requestContext" in sample:
        return _is_http_answer
    if "Records" in sample:
        return _is_batch_answer
    return _is_done


def _is_authorization(answer: dict[str, Any]) -> None:
    assert answer["isAuthorized"] is True
    assert all(isinstance(value, str) for value in answer["context"].values())


def _is_http_answer(answer: dict[str, Any]) -> None:
    headers = answer["headers"]
    assert "x-request-id" in headers
    assert answer["statusCode"] < 500, answer["body"]
    if answer["statusCode"] >= 400 and answer["statusCode"] != 401:
        assert headers["content-type"] == "application/problem+json"
        assert set(json.loads(answer["body"])) >= {"type", "title", "status", "code", "request_id"}


def _is_batch_answer(answer: dict[str, Any]) -> None:
    assert answer == {"batchItemFailures": []}


def _is_done(answer: Any) -> None:
    assert answer is None or isinstance(answer, dict)
