"""Bodies: JSON meant strictly, limits that hold for the inflated size, honest answers."""

import gzip
import json
from typing import Any

import pytest

from shared.request_bodies import MAX_BODY_BYTES
from tests.kit.gateway import ApiClient
from tests.kit.names import short

JSON = {"Content-Type": "application/json"}
GZIP = {**JSON, "Content-Encoding": "gzip"}
THING = json.dumps({"name": "x"}).encode()


def nested(levels: int) -> Any:
    """Arrays in one another."""
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'name': 1}",
        b'{"name": NaN}',
        b'{"size": Infinity, "name": "x"}',
        b'{"name": "x",}',
        b'{"name": 1e400, "size": NaN}',
        b'{"name": 1e400',
        b'{"name": "\\ud83d"}',
        b"[" * 100_000,
        b'{"name": "x"} trailing',
    ],
)
def test_400_when_body_is_not_json(things: ApiClient, body: bytes) -> None:
    answer = things.post("/things", content=body, headers=JSON)

    assert (answer.status, answer.code) == (400, "malformed_json")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "more": nested(64)},
        {"name": "x", "more": {"a": nested(63)}},
        {"name": "x", "more": [nested(1)] * 500},
    ],
)
def test_members_may_be_nested_as_deep_as_rows(things: ApiClient, body: Any) -> None:
    assert things.post("/things", json=body).status == 201


@pytest.mark.parametrize("levels", [65, 260])
def test_422_that_names_the_member_when_it_is_nested_deeper(things: ApiClient, levels: int) -> None:
    answer = things.post("/things", json={"name": "x", "size": 1, "more": nested(levels)})

    assert (answer.status, answer.code) == (422, "too_deep")
    assert answer.json()["errors"][0]["pointer"] == "/more"


def test_422_when_a_member_is_nested_beyond_the_decoder(things: ApiClient) -> None:
    body = b'{"name": "x", "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    answer = things.post("/things", content=body, headers=JSON)

    assert (answer.status, answer.code) == (422, "too_deep")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"name": "x", "name": "y"}', "name"),
        (b'{"name": "x", "more": [{"a": {"b": 1, "b": 1}}]}', "b"),
        (b'{"name": "x", "n\\u0061me": "y"}', "name"),
    ],
)
def test_422_when_a_member_is_there_twice(things: ApiClient, body: bytes, key: str) -> None:
    answer = things.post("/things", content=body, headers=JSON)

    assert (answer.status, answer.code) == (422, "duplicate_key")
    assert repr(key) in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"\xff", b'{"name": "\xff"}', b'{"name": "\xed\xa0\xbd"}', b'{"\xe9": 1}']
)
def test_400_when_body_is_not_utf8(things: ApiClient, body: bytes) -> None:
    answer = things.post("/things", content=body, headers=JSON)

    assert (answer.status, answer.code) == (400, "invalid_utf8")


def test_half_a_character_is_pointed_out_when_a_text_was_cut(things: ApiClient) -> None:
    answer = things.post("/things", content=b'{"name": "\\ud83d\\ude00 \\uD83D"}', headers=JSON)

    assert (answer.status, answer.code) == (400, "malformed_json")
    assert "\\uD83D is half of a character" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"name": 1e400}', "/name"),
        (b'{"name": -1E400}', "/name"),
        (b'{"name": ' + b"9" * 400 + b"}", "/name"),
        (b'{"name": ' + b"9" * 5_000 + b"}", "/name"),
        (b'{"name": "x", "a/b": [0, {"c~": -' + b"9" * 400 + b"}]}", "/a~1b/1/c~0"),
        (b"1" + b"0" * 309, ""),
    ],
    ids=short,
)
def test_422_when_a_number_is_larger_than_any_double(
    things: ApiClient, body: bytes, pointer: str
) -> None:
    answer = things.post("/things", content=body, headers=JSON)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        (pointer, "out_of_range")
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "x", "y": "' + b"9" * 5_000 + b'"}',
        b'{"name": "x", "y": 0.' + b"1" * 5_000 + b"}",
        b'{"name": "x", "y": 1.' + b"1" * 400 + b"}",
        b'{"name": "x", "y": ' + str(2**1023).encode() + b"}",
    ],
    ids=short,
)
def test_body_is_read_when_many_digits_are_no_large_number(things: ApiClient, body: bytes) -> None:
    assert things.post("/things", content=body, headers=JSON).status == 201


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
def test_body_is_read_when_type_says_json(things: ApiClient, kind: str) -> None:
    assert things.post("/things", content=THING, headers={"Content-Type": kind}).status == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "a/b+json", "application/x-www-form-urlencoded", "json", ""]
)
def test_415_when_type_says_something_else(things: ApiClient, kind: str) -> None:
    answer = things.post("/things", content=THING, headers={"Content-Type": kind})

    assert (answer.status, answer.code) == (415, "unsupported_media_type")


def test_415_when_type_is_missing(things: ApiClient) -> None:
    assert things.post("/things", content=THING).status == 415


def test_body_is_read_when_gzipped(things: ApiClient) -> None:
    assert things.post("/things", content=gzip.compress(THING), headers=GZIP).status == 201


def test_413_says_the_limit(things: ApiClient) -> None:
    body = b'{"name": "x", "more": "' + b"x" * MAX_BODY_BYTES + b'"}'

    answer = things.post("/things", content=body, headers=JSON)

    assert (answer.status, answer.code) == (413, "body_too_large")
    assert answer.json()["limit_bytes"] == MAX_BODY_BYTES


def test_body_is_read_when_exactly_at_the_limit(things: ApiClient) -> None:
    body = b'{"name": "x", "more": "'
    body += b"x" * (MAX_BODY_BYTES - len(body) - 2) + b'"}'

    assert len(body) == MAX_BODY_BYTES
    assert things.post("/things", content=body, headers=JSON).status == 201


@pytest.mark.exhaustive
def test_413_when_a_small_gzip_body_inflates_beyond_the_limit(things: ApiClient) -> None:
    bomb = gzip.compress(b" " * (50 * MAX_BODY_BYTES), 9)

    answer = things.post("/things", content=bomb, headers=GZIP)

    assert len(bomb) < MAX_BODY_BYTES
    assert (answer.status, answer.code) == (413, "body_too_large")


@pytest.mark.parametrize(
    "body", [b"no gzip", gzip.compress(THING, mtime=0)[:-5], THING], ids=["text", "cut", "plain"]
)
def test_400_when_gzip_is_broken(things: ApiClient, body: bytes) -> None:
    answer = things.post("/things", content=body, headers=GZIP)

    assert (answer.status, answer.code) == (400, "malformed_gzip")


def test_whole_body_is_read_when_gzip_has_members(things: ApiClient) -> None:
    halves = gzip.compress(THING[:5]) + gzip.compress(THING[5:])

    assert things.post("/things", content=halves, headers=GZIP).status == 201


def test_400_when_gzip_has_absurdly_many_members(things: ApiClient) -> None:
    body = gzip.compress(b"") * 10_000 + gzip.compress(THING)

    answer = things.post("/things", content=body, headers=GZIP)

    assert (answer.status, answer.code) == (400, "malformed_gzip")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_415_when_encoding_is_unknown(things: ApiClient, encoding: str) -> None:
    headers = {**JSON, "Content-Encoding": encoding}

    assert things.post("/things", content=THING, headers=headers).status == 415
