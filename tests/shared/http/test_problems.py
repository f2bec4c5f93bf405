"""Every way of failing ends in one envelope, which says nothing of our insides."""

from typing import Any

import pytest

from shared import errors
from shared.errors import EvalyardError, Fault
from shared.problem_documents import fault_document, status_of
from tests.kit.gateway import ApiClient


def kinds_of_error(kind: type[EvalyardError] = EvalyardError) -> list[type[EvalyardError]]:
    return [sub for direct in kind.__subclasses__() for sub in (direct, *kinds_of_error(direct))]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.MalformedInput, 400),
        (errors.Unauthenticated, 401),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.Gone, 410),
        (errors.TooLarge, 413),
        (errors.UnsupportedMedia, 415),
        (errors.Unacceptable, 422),
        (errors.TooManyRequests, 429),
        (errors.Unavailable, 503),
        (errors.CallRefused, 500),
    ],
)
def test_each_kind_of_error_has_its_status(kind: type[EvalyardError], status: int) -> None:
    assert status_of(kind("x")) == status


def test_codes_are_stable_snake_case() -> None:
    assert all(kind.code == kind.code.lower().replace(" ", "_") for kind in kinds_of_error())


def test_document_has_every_member(things: ApiClient) -> None:
    answer = things.get("/things/x")

    assert answer.json() == {
        "type": "urn:evalyard:problem:thing_not_found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no such thing",
        "code": "thing_not_found",
        "request_id": "JKJaXmPLvHcESHA=",
        "name": "x",
    }
    assert answer.headers["x-request-id"] == "JKJaXmPLvHcESHA="
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("path", "status", "wait"), [("/busy", 429, "7"), ("/away", 503, "2")])
def test_client_is_told_when_to_come_again(
    things: ApiClient, path: str, status: int, wait: str
) -> None:
    answer = things.get(path)

    assert (answer.status, answer.headers["retry-after"]) == (status, wait)


def test_nothing_leaks_when_something_unforeseen_happens(
    things: ApiClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = things.get("/broken")

    assert (answer.status, answer.code) == (500, "internal")
    assert "secret-bucket-name" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert [record.message for record in caplog.records] == ["request_failed", "request_served"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/name", "required"),
        ({"name": "toolong"}, "/name", "string_too_long"),
        ({"name": 1}, "/name", "string_type"),
        ({"name": "x", "size": "1"}, "/size", "int_type"),
        ({"name": "x", "size": True}, "/size", "int_type"),
        ({"name": "x", "kind": "odd"}, "/kind", "string_pattern_mismatch"),
        ([], "", "model_attributes_type"),
    ],
)
def test_422_points_at_the_field(things: ApiClient, body: Any, pointer: str, code: str) -> None:
    answer = things.post("/things", json=body)

    assert (answer.status, answer.code) == (422, "validation_failed")
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


@pytest.mark.parametrize(
    ("members", "pointers"),
    [
        ({"mark": "too long"}, ["/mark", "/mark"]),
        ({"mark": []}, ["/mark", "/mark"]),
        ({"figures": {"list": "1", "a/b~": None}}, ["/figures/list", "/figures/a~1b~0"]),
        ({"parts": [{"place": "x"}, {}]}, ["/parts/1/place"]),
        ({"parts": {"int": 1}}, ["/parts"]),
    ],
    ids=["member of a union", "no member of it", "names of types", "missing", "no list"],
)
def test_422_points_into_the_body_when_pydantic_names_places_that_are_not_there(
    things: ApiClient, members: dict[str, Any], pointers: list[str]
) -> None:
    answer = things.post("/things", json={"name": "x", **members})

    assert answer.status == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers


@pytest.mark.parametrize(
    ("part", "detail"),
    [
        ({"place": ""}, "a part is somewhere"),
        ({"place": "x", "plaice": 1}, "there is no such member; names are exact"),
        ("x", "Input should be a JSON object"),
    ],
)
def test_422_is_in_the_words_of_the_api_when_pydantic_has_those_of_python(
    things: ApiClient, part: Any, detail: str
) -> None:
    answer = things.post("/things", json={"name": "x", "parts": [part]})

    (fault,) = answer.json()["errors"]
    assert fault["detail"].startswith(detail)
    assert fault["detail"] in answer.json()["detail"]


def test_400_when_a_parameter_is_unreadable(things: ApiClient) -> None:
    answer = things.get("/things/x", params={"limit": "many"})

    assert (answer.status, answer.code) == (400, "invalid_parameter")
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"


def test_members_that_say_nothing_are_left_out_of_a_fault() -> None:
    assert fault_document(Fault("/a", "c", "d")) == {"pointer": "/a", "code": "c", "detail": "d"}
    assert fault_document(Fault("/a", "c", "d", 3, ("x",)))["allowed"] == ("x",)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_405_when_method_is_wrong(things: ApiClient, method: str) -> None:
    answer = things.request(method, "/things")

    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]
