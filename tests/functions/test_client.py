"""The tests' client: an answer that the OpenAPI document does not describe fails its test."""

import json
from typing import Any

import pytest

from tests.kit.described import UndescribedError
from tests.kit.gateway import ApiClient, ApiResponse

KEY = {"secret": "whsec_x"}
PROBLEM = {"type": "t", "title": "T", "status": 400, "detail": "d", "code": "c"}


def answered(
    path: str, status: int, body: Any, *, kind: str = "application/json", method: str = "GET"
) -> ApiResponse:
    text = "" if body is None else json.dumps(body)
    answer = {"statusCode": status, "headers": {"content-type": kind}, "body": text}
    return ApiClient(lambda event, context: answer).request(method, path)


def test_answers_pass_when_they_are_described() -> None:
    problem = "application/problem+json"

    assert answered("/accounts/webhook_secret", 200, KEY).json() == KEY
    assert answered("/accounts/webhook_secret", 400, PROBLEM, kind=problem).code == "c"
    assert answered("/accounts/tokens/t", 204, None, method="DELETE").body == b""


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, {}, "required"),
        (200, {"secret": None}, "not of type"),
        (200, {**KEY, "more": 1}, "Additional properties"),
        (200, None, "has no body"),
        (200, float("nan"), "NaN"),
        (201, KEY, "201 is not described"),
        (400, PROBLEM, "is 'application/json', described"),
    ],
)
def test_answer_fails_the_test_when_it_is_not_described(
    status: int, body: Any, reason: str
) -> None:
    with pytest.raises(UndescribedError, match=reason):
        answered("/accounts/webhook_secret", status, body)


def test_method_fails_the_test_when_it_is_answered_but_not_described() -> None:
    with pytest.raises(UndescribedError, match="PATCH"):
        answered("/accounts/webhook_secret", 200, KEY, method="PATCH")
