"""Listing and reading through the function's own entry point."""

import pytest

from shared.storage.assembly import compactor
from shared.storage.log import Catalog, UserLog


@pytest.fixture
def ada(api):
    return api("datasets", user="ada")


@pytest.fixture
def fold(bucket, tables):
    log = UserLog(bucket, Catalog(tables["CatalogTable"]), "ada")
    return lambda: compactor(log).drain(lambda: True)


def append(client, dataset: str, *numbers: int) -> None:
    rows = [{"n": number} for number in numbers]
    assert (
        client.post("/user/data/append_jsonl", json={"dataset": dataset, "rows": rows}).status
        == 200
    )


def test_counts_are_exact_when_rows_are_folded_and_pending(ada, fold):
    append(ada, "b", 1, 2)
    append(ada, "a", 1)
    fold()
    append(ada, "b", 3)
    ada.post("/user/data/save_adapter", json={"dataset": "c", "enabled": False})

    entries = ada.get("/user/data/list").json()["data"]

    assert [(entry["dataset"], entry["rows"]) for entry in entries] == [
        ("a", 1),
        ("b", 3),
        ("c", 0),
    ]
    assert [entry["adapter"] for entry in entries] == [None, None, {"enabled": False}]
    stored = ada.get("/user/data/get", params={"dataset": "b"})
    assert entries[1]["bytes"] == sum(len(line) + 1 for line in raw_rows(stored))
    assert entries[1]["created_at"] <= entries[1]["updated_at"]


def raw_rows(answer) -> list[str]:
    """The stored lines as they stand in an answer."""
    body = answer.text.split('"data":[', 1)[1].rsplit('],"next_cursor"', 1)[0]
    return body.replace('},{"', '}\n{"').splitlines()


def test_pages_of_the_list_hold_every_dataset_once_when_walked(ada):
    for name in "cab":
        append(ada, name, 1)

    names, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = ada.get("/user/data/list", params=params).json()
        names += [entry["dataset"] for entry in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break

    assert names == ["a", "b", "c"]


def test_pages_hold_every_row_once_when_folding_runs_between_them(ada, fold):
    append(ada, "d", *range(5))
    fold()
    append(ada, "d", *range(5, 10))

    found, cursor = [], None
    while True:
        params = {"dataset": "d", "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = ada.get("/user/data/get", params=params).json()
        found += [row["n"] for row in page["data"]]
        cursor = page["next_cursor"]
        fold()
        if not page["has_more"]:
            break

    assert found == list(range(10))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("dataset=d&limit=0", "invalid_parameter"),
        ("dataset=d&limit=10001", "invalid_parameter"),
        ("dataset=d&limit=x", "invalid_parameter"),
        ("dataset=d&cursor=x", "cursor_mismatch"),
        ("dataset=d&cursor=WyJhIiwxXQ", "cursor_mismatch"),
        ("", "invalid_parameter"),
    ],
)
def test_read_is_refused_when_a_parameter_is_bad(ada, query, code):
    append(ada, "d", 1)

    answer = ada.get(f"/user/data/get?{query}")

    assert (answer.status, answer.code) == (400, code)


def test_cursor_is_refused_when_it_comes_from_elsewhere(api, ada):
    append(ada, "d", 1, 2)
    append(ada, "e", 1, 2)
    eve = api("datasets", user="eve")
    append(eve, "d", 1, 2)
    cursor = ada.get("/user/data/get?dataset=d&limit=1").json()["next_cursor"]

    for client, dataset in ((ada, "e"), (eve, "d")):
        answer = client.get("/user/data/get", params={"dataset": dataset, "cursor": cursor})
        assert (answer.status, answer.code) == (400, "cursor_mismatch")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"dataset": "d", "extra_fields": [{"label": "a", "field": "x"}] * 2}, "duplicate_label"),
        ({"dataset": "d", "x_field": ""}, "empty_field"),
        ({"dataset": "d", "device_field": "a..b"}, "empty_field"),
        ({"dataset": "d", "extra_fields": [{"label": " ", "field": "x"}]}, "empty_field"),
        (
            {"dataset": "d", "extra_fields": [{"label": str(n), "field": "x"} for n in range(65)]},
            "too_many_extra_fields",
        ),
        (
            {"dataset": "d", "extra_fields": [{"label": "a", "field": "x", "kind": "date"}]},
            "not_allowed",
        ),
        ({"dataset": "d", "enabled": "yes"}, "bool_type"),
    ],
)
def test_adapter_is_refused_when_it_makes_no_sense(ada, body, code):
    answer = ada.post("/user/data/save_adapter", json=body)

    assert answer.status == 422
    assert answer.json()["errors"][0]["code"] == code
    assert ada.get("/user/data/get_adapter?dataset=d").code == "adapter_not_found"


def test_adapter_has_the_next_version_when_saved_again(ada):
    first = ada.post("/user/data/save_adapter", json={"dataset": "d"}).json()
    second = ada.post("/user/data/save_adapter", json={"dataset": "d", "enabled": False}).json()

    assert (first["version"], second["version"]) == (1, 2)
    assert ada.get("/user/data/get_adapter?dataset=d").json() == second
    assert first["x_field"] == "ts"
    assert first["extra_fields"] == []
