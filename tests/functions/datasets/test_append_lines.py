"""Appending JSON lines, and rows that are named for what is wrong with them."""

import gzip
import json

import pytest

from tests.functions.datasets.quick_start import ADAPTER, ROWS, SPAN

LINES = {"Content-Type": "application/x-ndjson"}
PATH = "/user/data/append_jsonl"


@pytest.fixture
def ada(api):
    return api("datasets", user="ada")


def append_lines(client, body, dataset="d", **headers):
    return client.post(PATH, content=body, params={"dataset": dataset}, headers=LINES | headers)


def rows_of(client, dataset="d"):
    got = client.get("/user/data/get", params={"dataset": dataset}).json()["data"]
    return [{k: v for k, v in row.items() if not k.startswith("_meta_")} for row in got]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1}\n{"a":2}\n',
        b'{"a":1}\n{"a":2}',
        b'\xef\xbb\xbf{"a":1}\r\n{"a":2}\r\n',
        b'\n\r\n{"a":1}\n \t\n\n  {"a":2} \n\n',
    ],
)
def test_every_line_is_a_row_when_lines_end_as_they_like(ada, body):
    answer = append_lines(ada, body)

    assert answer.status == 200
    assert (answer.json()["received"], answer.json()["appended"]) == (2, 2)
    assert rows_of(ada) == [{"a": 1}, {"a": 2}]


def test_bad_lines_are_named_by_row_and_line_when_there_are_blank_ones(ada):
    body = b'\n{"a":1}\n\nnonsense\n[1]\n{"a":"\xff"}\n{"a":1}{"a":2}\n{"b":2}'

    answer = append_lines(ada, body)

    assert answer.status == 207
    found = [(e["pointer"], e["line"], e["code"]) for e in answer.json()["errors"]]
    assert found == [
        ("/rows/1", 4, "invalid_json"),
        ("/rows/2", 5, "not_an_object"),
        ("/rows/3", 6, "invalid_utf8"),
        ("/rows/4", 7, "invalid_json"),
    ]
    assert rows_of(ada) == [{"a": 1}, {"b": 2}]


def test_usage_errors_name_row_and_line_when_rows_cannot_become_runs(ada):
    ada.post("/user/data/save_adapter", json={"dataset": "d"})

    answer = append_lines(ada, b'\n{"ts":1764784800}\n\n{"ts":"soon"}\n')

    usage = answer.json()["usage"]
    assert (usage["recorded"], usage["skipped"]) == (1, 1)
    (error,) = usage["errors"]
    assert (error["pointer"], error["line"]) == ("/rows/1/ts", 4)
    assert error["code"] == "time_unreadable"


def test_lines_give_the_same_usage_as_json(api, ada):
    ada.post("/user/data/save_adapter", json=ADAPTER)
    body = "\n".join(json.dumps(row) for row in ROWS["rows"])

    answer = append_lines(ada, body, "my_server_metrics")

    assert answer.json()["usage"] == {"recorded": 2, "skipped": 0, "errors": [], "span": SPAN}
    params = {"from": "2025-12-03T00:00:00Z", "to": "2025-12-04"}
    summary = api("usage", user="ada").get("/usage/summary", params=params).json()
    assert (summary["runs"], summary["latency_ms"]["p50"]) == (2, 925.0)


@pytest.mark.parametrize("headers", [LINES, {"Content-Type": "application/json"}])
def test_rows_are_stored_when_the_body_is_compressed(ada, headers):
    body = b'{"dataset":"d","rows":[{"a":1}]}'
    body = b'{"a":1}\n' if headers is LINES else body

    answer = ada.post(
        PATH,
        content=gzip.compress(body),
        params={"dataset": "d"},
        headers=headers | {"Content-Encoding": "gzip"},
    )

    assert answer.status == 200
    assert rows_of(ada) == [{"a": 1}]


def test_one_append_is_made_when_an_idempotency_key_repeats_lines(ada):
    first = append_lines(ada, b'{"a":1}', **{"Idempotency-Key": "k"})
    second = append_lines(ada, b'{"a":1}', **{"Idempotency-Key": "k"})
    other = append_lines(ada, b'{"a":1}', "e", **{"Idempotency-Key": "k"})

    assert second.json() == first.json()
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert rows_of(ada) == [{"a": 1}]


@pytest.mark.parametrize(
    ("params", "body", "status", "code"),
    [
        ({}, b'{"a":1}', 400, "invalid_parameter"),
        ({"dataset": "../x"}, b'{"a":1}', 422, "invalid_dataset_name"),
        ({"dataset": "d"}, b"", 422, "no_rows"),
        ({"dataset": "d"}, b"\n \r\n", 422, "no_rows"),
        ({"dataset": "d"}, b"7\n", 422, "no_row_stored"),
        ({"dataset": "d"}, b"{}\n" * 10_001, 413, "too_many_rows"),
        ({"dataset": "d"}, b'{"a":1}\n' * 10_001, 413, "too_many_rows"),
        ({"dataset": "d"}, b"\n" * (5 * 2**20 + 1), 413, "body_too_large"),
    ],
)
def test_problem_is_answered_when_lines_cannot_be_taken(ada, params, body, status, code):
    answer = ada.post(PATH, content=body, params=params, headers=LINES)

    assert (answer.status, answer.code) == (status, code)


def test_ten_thousand_rows_are_taken_in_one_call(ada):
    answer = append_lines(ada, b'{"a":1}\n\n' * 10_000)

    assert answer.json()["appended"] == 10_000


def test_query_is_refused_when_it_contradicts_the_body(ada):
    body = {"dataset": "d", "rows": [{"a": 1}]}

    assert ada.post(PATH, json=body, params={"dataset": "d"}).status == 200
    assert ada.post(PATH, json=body, params={"dataset": "e"}).code == "dataset_conflict"


@pytest.mark.parametrize("depth", [70, 900, 5_000, 100_000])
def test_deep_row_is_named_and_the_others_stay_when_json_is_nested(ada, depth):
    deep = b'{"a":' + b"[" * depth + b'"]}"' + b"]" * depth + b"}"
    body = b'{"dataset":"d","rows":[{"a":1},' + deep + b',{"b":[2]}]}'

    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert answer.status == 207
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("/rows/1", "row_too_deep")
    ]
    assert rows_of(ada) == [{"a": 1}, {"b": [2]}]


def test_body_is_malformed_when_it_is_nested_deep_without_an_end(ada):
    body = b'{"dataset":"d","rows":[{"a":' + b"[" * 200_000

    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) == (400, "malformed_json")


@pytest.mark.parametrize(
    "body",
    [
        b'{"dataset":"d","rows":[{"a":1},{"a":1]}',
        b'{"dataset":"d","rows":[{"a":1},{"a" 1}]}',
        b'{"dataset":"d","rows":[{"a":1},{a:1}]}',
        b'{"dataset":"d","rows":[{"a":1},{1:1}]}',
        b'{"dataset":"d","rows":[{"a":1},{"a":1 2}]}',
        b'{"dataset":"d","rows":[{"a":1},,{"a":1}]}',
        b'{"dataset":"d","rows":[{"a":1},{"a":"x]}',
        b'{"dataset":"d","rows":[{"a":1},{"a":"\\ud83d"}}',
        b'{"dataset":"d","rows":[{"a":1},{"a":-Infinity}]}',
        b'{"dataset":"d","rows":[{"a":1},{"p":"\\ud83d"},{"a":[nan]}]}',
        b'{"dataset":"\\ud83d","rows":[{"a":1}]}',
        b'{"dataset":"d","rows":[{"a":1}],}',
        b'{"dataset":"d","rows":[{"a":1}]} x',
        b'{"dataset":"d","rows":[{"a":1},]}',
    ],
)
def test_json_body_is_refused_when_it_is_malformed_anywhere(ada, body):
    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) == (400, "malformed_json")


@pytest.mark.parametrize(
    "body",
    [
        b'{"dataset":"d","rows":[{"a":"\xff"}]}',
        b'{"dataset":"d","rows":[{"a":[1]},{"a":"\xff"}]}',
        b'{"dataset":"d","rows":[{"a":"\xed\xa0\xbd"}]}',
        b'{"dataset":"d","note":"\xe9","rows":[{"a":1}]}',
        b"\xff",
        b'\xff\xfe{\x00"\x00',
    ],
)
def test_json_body_is_refused_when_it_is_not_utf8(ada, body):
    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) == (400, "invalid_utf8")


def test_half_a_character_costs_only_its_row_when_json_is_sent(ada):
    body = b'{"dataset":"d","rows":[{"a":1},{"p":"\\ud83d"},{"b":"\\ud83d\\ude00"}]}'

    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert answer.status == 207
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["line"], error["code"]) == ("/rows/1", 2, "invalid_json")
    assert "\\ud83d is half of a character" in error["detail"]
    assert rows_of(ada) == [{"a": 1}, {"b": "😀"}]


@pytest.mark.parametrize("number", [b"1e999", b"-1e309", b"[2, 1" + b"0" * 400 + b".5]"])
def test_a_number_that_no_double_holds_costs_only_its_row_and_is_named(ada, number):
    body = b'{"dataset":"d","rows":[{"a":1},{"p":' + number + b"}]}"

    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert answer.status == 207
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/rows/1", "invalid_json")
    assert error["detail"].startswith("a number is larger than a double can be")


@pytest.mark.parametrize(
    "body",
    [
        b'{"dataset":"d","rows":[{"a":1}],"rows":[{"a":2}]}',
        b'{"dataset":"d","dataset":"d","rows":[{"a":1}]}',
        b'{"dataset":"d","rows":[{"a":[1]}],"data\\u0073et":"e"}',
        b'{"rows":[{"p":"\\ud83d"},{"a":1}],"dataset":"d","rows":[]}',
    ],
)
def test_body_is_refused_when_a_member_is_there_twice(ada, body):
    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) == (422, "duplicate_key")


@pytest.mark.parametrize(
    "body",
    [
        b'{"rows":[{"a":1}],"dataset":"d"}',
        b'\xef\xbb\xbf{"rows":[{"a":1}],"dataset":"d"}',
        b'{"note":"\\ud83d","rows":[{"a":1}],"dataset":"d"}',
        b'{"rows":[{"a":1}],"d\\u0061taset":"d"}',
        b'{"note":"[","rows":[{"a":1}],"dataset":"d"}',
        b'{"note":{"rows":[7]},"rows":[{"a":1}],"dataset":"d"}',
        b'\n{ "dataset" : "d" , "rows" : [ {\n"a" : 1 } ] }\n',
    ],
)
def test_rows_are_found_when_the_body_is_written_unusually(ada, body):
    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert answer.status == 200
    assert rows_of(ada) == [{"a": 1}]
