"""Appending through the function's own entry point, with AWS below it."""

import pytest

from tests.functions.datasets.quick_start import ADAPTER, ROWS, SPAN


@pytest.fixture
def ada(api):
    return api("datasets", user="ada")


def test_usage_is_recorded_when_the_published_quick_start_is_followed(api, ada):
    saved = ada.post("/user/data/save_adapter", json=ADAPTER)
    appended = ada.post("/user/data/append_jsonl", json=ROWS)
    summary = (
        api("usage", user="ada")
        .get("/usage/summary", params={"from": "2025-12-03T00:00:00Z", "to": "2025-12-04"})
        .json()
    )

    assert saved.status == 200
    assert saved.json()["version"] == 1
    assert appended.status == 200
    assert appended.json()["usage"] == {"recorded": 2, "skipped": 0, "errors": [], "span": SPAN}
    assert summary["runs"] == 2
    assert summary["prompt_tokens"] == 120
    assert summary["latency_ms"]["p50"] == 925.0
    assert summary["extra"]["GPU power (W)"]["max"] == 48.2


def test_rows_come_back_with_meta_when_read(ada):
    ada.post("/user/data/append_jsonl", json=ROWS)

    rows = ada.get("/user/data/get", params={"dataset": "my_server_metrics"}).json()["data"]

    assert [row["latency_ms"] for row in rows] == [900, 950]
    assert {row["_meta_user_id"] for row in rows} == {"ada"}
    assert {row["_meta_dataset"] for row in rows} == {"my_server_metrics"}
    assert all(row["_meta_ts"].endswith("Z") for row in rows)


def test_good_rows_are_stored_and_bad_ones_named_when_some_are_bad(ada):
    body = {"dataset": "d", "rows": [{"a": 1}, 7, {"b": 2}]}

    answer = ada.post("/user/data/append_jsonl", json=body)

    assert answer.status == 207
    document = answer.json()
    assert (document["received"], document["appended"], document["rejected"]) == (3, 2, 1)
    assert document["errors"] == [
        {
            "pointer": "/rows/1",
            "code": "not_an_object",
            "detail": "a row is a JSON object",
            "line": 2,
        }
    ]
    assert document["usage"] is None
    assert len(ada.get("/user/data/get", params={"dataset": "d"}).json()["data"]) == 2


def test_nothing_is_stored_when_all_rows_are_bad(ada):
    answer = ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": [1, "x"]})

    assert answer.status == 422
    assert answer.code == "no_row_stored"
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/rows/0", "/rows/1"]
    assert ada.get("/user/data/get", params={"dataset": "d"}).status == 404


@pytest.mark.parametrize("flag", ["strict", "dry_run"])
def test_nothing_is_stored_when_strict_or_dry(ada, flag):
    body = {"dataset": "d", "rows": [{"a": 1}, 2]}

    answer = ada.post("/user/data/append_jsonl", json=body, params={flag: "1"})

    assert answer.status == (422 if flag == "strict" else 207)
    assert ada.get("/user/data/get", params={"dataset": "d"}).status == 404


def test_numbers_survive_when_they_are_written_unusually(ada):
    raw = (
        b'{"dataset":"d","rows":[{"big":9223372036854775807,"price":1.10,"e":1E5,\r\n "s":"a b"}]}'
    )

    ada.post("/user/data/append_jsonl", content=raw, headers={"Content-Type": "application/json"})

    text = ada.get("/user/data/get", params={"dataset": "d"}).text
    assert '"big":9223372036854775807,"price":1.10,"e":1E5' in text


def test_client_meta_is_dropped_when_sent(ada):
    body = {"dataset": "d", "rows": [{"_meta_user_id": "eve", "_meta_x": 1, "v": 1}]}

    ada.post("/user/data/append_jsonl", json=body)

    (row,) = ada.get("/user/data/get", params={"dataset": "d"}).json()["data"]
    assert row["_meta_user_id"] == "ada"
    assert "_meta_x" not in row


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"latency_ms": 5}], "time_missing"),
        ([{"ts": None, "latency_ms": 5}], "time_missing"),
        ([{"ts": "yesterday"}], "time_unreadable"),
        ([{"ts": 1764784800, "model": "m" * 257}], "label_too_long"),
        ([{"ts": 26.22}], "time_implausible"),
        ([{"ts": "2999-01-01"}], "time_implausible"),
        ([{"ts": "1.76478E+12"}], "time_unreadable"),
        ([{"ts": 1764784800, "latency_ms": "900"}], "not_a_number"),
        ([{"ts": 1764784800, "prompt_tokens": 1.5}], "not_an_integer"),
        ([{"ts": 1764784800, "latency_ms": -1}], "out_of_range"),
    ],
)
def test_row_stays_but_usage_names_it_when_it_cannot_become_a_run(ada, rows, code):
    ada.post("/user/data/save_adapter", json={"dataset": "d"})

    answer = ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows})

    assert answer.status == 200
    assert answer.json()["appended"] == 1
    assert answer.json()["usage"]["skipped"] == 1
    assert answer.json()["usage"]["errors"][0]["code"] == code


@pytest.mark.parametrize("odd", [{}, {"odd": [1]}], ids=["at_once", "one_by_one"])
def test_speed_is_null_when_there_are_fewer_than_two_tokens_whatever_a_row_says(ada, api, odd):
    ada.post("/user/data/save_adapter", json={"dataset": "d", "tok_s_field": "tok_s"})
    run = {"latency_ms": 500, "tok_s": 1e6, **odd}
    rows = [{"ts": 1764784800 + tokens, "completion_tokens": tokens, **run} for tokens in (0, 1, 2)]

    ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows})

    asked = {"from": "2025-12-03", "to": "2025-12-04", "runs": 9}
    runs = api("usage", user="ada").get("/usage", params=asked).json()["runs"]
    assert {run["completion_tokens"]: run["tok_s"] for run in runs} == {0: None, 1: None, 2: 1e6}
    (series,) = [
        series
        for series in ada.get("/user/data/metrics", params={"dataset": "d"}).json()["series"]
        if series["field"] == "tok_s"
    ]
    assert series["summary"]["n"] == 1


def test_one_append_is_made_when_an_idempotency_key_repeats(ada):
    headers = {"Idempotency-Key": "k1"}
    body = {"dataset": "d", "rows": [{"a": 1}]}

    first = ada.post("/user/data/append_jsonl", json=body, headers=headers)
    second = ada.post("/user/data/append_jsonl", json=body, headers=headers)
    other = ada.post(
        "/user/data/append_jsonl", json={"dataset": "e", "rows": [{}]}, headers=headers
    )

    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert len(ada.get("/user/data/get", params={"dataset": "d"}).json()["data"]) == 1


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b'{"dataset":"d","rows":[NaN]}', "application/json", 400, "malformed_json"),
        (b'{"dataset":"d","rows":[{"a":Infinity}]}', "application/json", 400, "malformed_json"),
        (b'{"dataset":"d"}', "application/json", 422, "validation_failed"),
        (b'{"dataset":7,"rows":[]}', "application/json", 422, "validation_failed"),
        (b'{"dataset":"../x","rows":[{}]}', "application/json", 422, "invalid_dataset_name"),
        (b'{"dataset":"d","rows":[]}', "application/json", 422, "no_rows"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'"' + b"x" * (5 * 2**20) + b'"', "application/json", 413, "body_too_large"),
        (
            b'{"dataset":"d","rows":[' + b",".join([b"{}"] * 10_001) + b"]}",
            "application/json",
            413,
            "too_many_rows",
        ),
    ],
)
def test_problem_is_answered_when_the_body_is_bad(ada, content, content_type, status, code):
    answer = ada.post(
        "/user/data/append_jsonl", content=content, headers={"Content-Type": content_type}
    )

    assert (answer.status, answer.code) == (status, code)
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b"{}", "/dataset"),
        (b'{"dataset":"d"}', "/rows"),
        (b'{"dataset":"d","rows":1}', "/rows"),
        (b'{"dataset":1,"rows":[]}', "/dataset"),
        (b"[]", ""),
    ],
)
def test_place_is_pointed_at_when_the_body_has_another_shape(ada, content, pointer):
    answer = ada.post(
        "/user/data/append_jsonl", content=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b'{"a":1e999}', "invalid_json"),
        (b'{"a":"' + b"x" * 2**18 + b'"}', "row_too_large"),
    ],
)
def test_row_is_named_when_it_cannot_be_read(ada, row, code):
    body = b'{"dataset":"d","rows":[{"a":1},' + row + b"]}"

    answer = ada.post(
        "/user/data/append_jsonl", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status == 207
    assert [error["code"] for error in answer.json()["errors"]] == [code]


def test_row_stays_when_its_number_is_larger_than_any_double(ada):
    ada.post("/user/data/save_adapter", json={"dataset": "d"})
    body = {"dataset": "d", "rows": [{"ts": 1764784800, "latency_ms": 10**400}]}

    answer = ada.post("/user/data/append_jsonl", json=body)

    assert answer.json()["usage"]["errors"][0]["code"] == "out_of_range"


def test_other_users_see_nothing_when_they_ask(api, ada):
    ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": [{"a": 1}]})

    eve = api("datasets", user="eve")

    assert eve.get("/user/data/list").json()["data"] == []
    assert eve.get("/user/data/get", params={"dataset": "d"}).code == "dataset_not_found"
