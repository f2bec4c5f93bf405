"""Rows get the same verdicts as JSON and as JSON lines, in an append and in an import."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from functions.datasets.bodies import read_append
from shared.datasets import validate_rows
from shared.errors import MalformedInput
from shared.imports import Batch, read_records
from shared.imports.validation import judge
from tests.kit.effort import examples
from tests.kit.gateway import ApiClient
from tests.shared.datasets.texts import separable

JSON, LINES = "application/json", "application/x-ndjson"
BATCH = Batch("ada", "acme", "01KBJ8S2X00000000000000000", began_us=1_764_784_800_000_000)
HALF = [b'{"a":1}', b'{"p":"\\ud83d"}']
REPEATED = [b'{"a":1,"a":2}', b'{"a":{"b":1,"b":2}}', b'{"a":1}']
LARGE = [b'{"a":"' + b"x" * size + b'"}' for size in (2**18 - 8, 2**18 - 7)]
NUMBERS = [b'{"a":1e400}', b'{"a":' + b"9" * 5_000 + b"}", b'{"a":' + b"9" * 400 + b"}"]


def as_array(rows: list[bytes]) -> bytes:
    return b"[" + b",".join(rows) + b"]"


def as_body(rows: list[bytes]) -> bytes:
    return b'{"dataset":"d","rows":' + as_array(rows) + b"}"


def as_import(rows: list[bytes]) -> bytes:
    """A dataset around the rows would be that of each run; lines have nothing around them."""
    return b'{"rows":' + as_array(rows) + b"}"


def as_lines(rows: list[bytes]) -> bytes:
    return b"\n".join(rows)


@settings(max_examples=examples(2))
@given(separable())
@example(HALF)
@example(REPEATED)
@example(NUMBERS)
@example(LARGE)
def test_rows_are_the_same_when_an_append_comes_in_either_form(rows: list[bytes]) -> None:
    array = validate_rows(read_append(as_body(rows), JSON, None).rows.one_by_one())
    lines = validate_rows(read_append(as_lines(rows), LINES, "d").rows.one_by_one())

    assert array == lines
    accepted, faults = lines
    assert len(accepted) + len(faults) == len(rows)


@pytest.mark.exhaustive
@settings(max_examples=examples(2))
@given(separable(), st.sampled_from([as_array, as_import]))
@example(HALF, as_array)
@example(REPEATED, as_array)
@example(NUMBERS, as_array)
@example(LARGE, as_import)
def test_runs_are_the_same_when_an_import_comes_in_either_form(
    rows: list[bytes], as_json: Callable[[list[bytes]], bytes]
) -> None:
    array = judge(read_records(as_json(rows), JSON), BATCH)
    lines = judge(read_records(as_lines(rows), LINES), BATCH)

    assert (array.runs, array.faults) == (lines.runs, lines.faults)
    assert (array.assumed, array.formats) == (lines.assumed, lines.formats)


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity", b"nan", b"inf"])
@pytest.mark.parametrize("others", [[], HALF])
def test_no_number_refuses_a_json_body_and_costs_a_line(word: bytes, others: list[bytes]) -> None:
    rows = [*others, b'{"a":[' + word + b"]}"]

    with pytest.raises(MalformedInput) as refused:
        read_append(as_body(rows), JSON, None)
    _, faults = validate_rows(read_append(as_lines(rows), LINES, "d").rows.one_by_one())

    assert refused.value.error_code == "malformed_json"
    assert faults[-1].code == "invalid_json"


@pytest.fixture
def ada(api: Callable[..., ApiClient]) -> ApiClient:
    client = api("datasets", user="ada")
    for dataset in ("d", "e"):
        client.post("/user/data/save_adapter", json={"dataset": dataset})
    return client


@pytest.mark.exhaustive
@settings(max_examples=examples(), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=separable())
@example(rows=HALF)
@example(rows=[b'{"ts":1764784800}', b'{"ts":"soon"}', b'{"ts":"\\ud83d"}'])
def test_answer_and_what_is_stored_are_the_same_when_sent_in_either_form(
    ada: ApiClient, rows: list[bytes]
) -> None:
    answers = [
        append(ada, as_body(rows), JSON, "d"),
        append(ada, as_lines(rows), LINES, "e"),
    ]

    stored = [tail(ada, dataset, answers[0].get("appended", 0)) for dataset in ("d", "e")]
    assert answers[0] == answers[1]
    assert stored[0] == stored[1]


def append(client: ApiClient, body: bytes, kind: str, dataset: str) -> dict[str, Any]:
    """The answer, without what differs in every call."""
    answer = client.post(
        "/user/data/append_jsonl",
        content=body,
        params={} if kind == JSON else {"dataset": dataset},
        headers={"Content-Type": kind},
    )
    document: dict[str, Any] = answer.json()
    own = ("batch_id", "dataset", "request_id")
    return {"http": answer.status} | {k: v for k, v in document.items() if k not in own}


def tail(client: ApiClient, dataset: str, count: int) -> list[bytes]:
    """The newest stored lines, without the server's members."""
    if not count:
        return []
    params = {"dataset": dataset, "tail": count, "format": "jsonl"}
    body = client.get("/user/data/get", params=params).body
    return [line[: line.rindex(b'"_meta_user_id"')] for line in body.splitlines()]
