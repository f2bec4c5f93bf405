"""Deleting datasets, taking batches back, previews and backfills, through the entry point."""

import pytest

from shared.storage.assembly import compactor
from shared.storage.log import Catalog, UserLog

ROWS = [
    {"ts": "2025-12-03T18:00:00Z", "latency_ms": 900, "completion_tokens": 120},
    {"ts": "2025-12-03T18:05:00Z", "latency_ms": 950, "completion_tokens": 150},
    {"latency_ms": 1},
]
WINDOW = {"from": "2025-12-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}


@pytest.fixture
def ada(api):
    return api("datasets", user="ada")


@pytest.fixture
def usage(api):
    """The number of ada's runs, as usage tells."""
    client = api("usage", user="ada")
    return lambda: client.get("/usage/summary", params=WINDOW).json()["runs"]


@pytest.fixture
def fold(bucket, tables):
    log = UserLog(bucket, Catalog(tables["CatalogTable"]), "ada")
    return lambda: compactor(log).drain(lambda: True)


def append(client, dataset="d", rows=ROWS):
    return client.post("/user/data/append_jsonl", json={"dataset": dataset, "rows": rows}).json()


def rows_of(client, dataset="d"):
    return client.get("/user/data/get", params={"dataset": dataset}).json().get("data")


@pytest.mark.parametrize("folded", [True, False])
def test_batch_is_gone_from_rows_list_and_usage_when_it_is_undone(ada, usage, fold, folded):
    ada.post("/user/data/save_adapter", json={"dataset": "d"})
    keep, wrong = append(ada), append(ada)
    if folded:
        fold()

    undone = ada.post("/user/data/undo", json={"batch_id": wrong["batch_id"]})

    assert undone.json() == {"removed_rows": 3, "removed_runs": 2, "already_undone": False}
    for _ in range(2):
        assert {row["_meta_batch_id"] for row in rows_of(ada)} == {keep["batch_id"]}
        assert ada.get("/user/data/list").json()["data"][0]["rows"] == 3
        assert usage() == 2
        fold()


def test_nothing_of_a_batch_is_found_in_storage_when_it_was_undone_and_folded(ada, fold, bucket):
    first, second = append(ada), append(ada)
    fold()
    ada.post("/user/data/undo", json={"batch_id": first["batch_id"]})

    fold()

    kept = [
        bucket.get(stored.key) for prefix in ("data/", "runs/") for stored in bucket.list(prefix)
    ]
    assert any(second["batch_id"].encode() in body for body in kept)
    assert not any(first["batch_id"].encode() in body for body in kept)


def test_second_undo_removes_nothing_when_the_batch_is_undone(ada):
    batch_id = append(ada)["batch_id"]
    ada.post("/user/data/undo", json={"batch_id": batch_id})

    again = ada.post("/user/data/undo", json={"batch_id": batch_id})

    assert again.json() == {"removed_rows": 0, "removed_runs": 0, "already_undone": True}


def test_batch_is_not_found_when_it_is_another_users(api, ada):
    batch_id = append(ada)["batch_id"]

    answer = api("datasets", user="eve").post("/user/data/undo", json={"batch_id": batch_id})

    assert (answer.status, answer.code) == (404, "batch_not_found")
    assert len(rows_of(ada)) == 3


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize(("flag", "left"), [("", 2), ("&usage=1", 0)])
def test_dataset_is_gone_when_it_is_deleted(ada, usage, fold, folded, flag, left):
    ada.post("/user/data/save_adapter", json={"dataset": "d"})
    append(ada)
    append(ada, "other")
    if folded:
        fold()

    deleted = ada.request("DELETE", f"/user/data/delete?dataset=d{flag}")

    assert deleted.status == 204
    for _ in range(2):
        answer = ada.get("/user/data/get?dataset=d")
        assert (answer.status, answer.code) == (404, "dataset_not_found")
        assert ada.get("/user/data/get_adapter?dataset=d").status == 404
        assert [entry["dataset"] for entry in ada.get("/user/data/list").json()["data"]] == [
            "other"
        ]
        assert usage() == left
        fold()


@pytest.mark.parametrize("folded", [True, False])
def test_imported_runs_of_a_dataset_are_gone_with_its_runs(api, ada, usage, fold, folded):
    append(ada)
    run = {"ts": ROWS[0]["ts"], "dataset": "d"}
    runs = [run | {"source_kind": "dataset"}, run, run | {"dataset": "e"}]
    api("usage", user="ada").post("/usage/import", json=runs)
    if folded:
        fold()

    ada.request("DELETE", "/user/data/delete?dataset=d&usage=1")

    for _ in range(2):
        assert usage() == 2
        fold()


def test_dataset_begins_anew_when_rows_come_after_it_was_deleted(ada, fold):
    append(ada)
    fold()
    ada.request("DELETE", "/user/data/delete?dataset=d")
    append(ada, rows=[{"n": 1}])

    for _ in range(2):
        assert [row["n"] for row in rows_of(ada)] == [1]
        fold()


def test_delete_is_not_found_when_there_is_no_dataset(ada):
    answer = ada.request("DELETE", "/user/data/delete?dataset=d")

    assert (answer.status, answer.code) == (404, "dataset_not_found")


def test_older_rows_become_runs_once_when_they_are_backfilled(ada, usage, fold):
    append(ada)
    fold()
    append(ada)

    first = ada.post("/user/data/save_adapter?backfill=1", json={"dataset": "d"})
    second = ada.post("/user/data/save_adapter?backfill=1", json={"dataset": "d"})

    assert first.status == 200
    assert first.json()["backfill"] == {"status": "done", "converted": 4, "skipped": 2}
    assert second.json()["backfill"] == {"status": "done", "converted": 0, "skipped": 2}
    assert ada.get("/user/data/get_adapter?dataset=d").json() == second.json()
    assert usage() == 4


ABSURD = [
    {"ts": "9" * 5_000},
    {"ts": "+" + "1" * 5_000},
    {"ts": "0" * 5_000 + "1764784800"},
    {"ts": 10**400},
    {"ts": 1764784800, "latency_ms": 10**400},
    {"ts": 1764784800, "prompt_tokens": 10**4_000},
]
CODES = ["time_unreadable"] * 3 + ["time_implausible"] + ["out_of_range"] * 2


def test_rows_of_absurd_numbers_are_skipped_when_they_are_backfilled(ada, usage, fold):
    rows = [*ABSURD, {"ts": 1764784800}]
    stored = ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows}).json()
    fold()

    saved = ada.post("/user/data/save_adapter?backfill=1", json={"dataset": "d"})
    fold()

    assert (stored["appended"], stored["usage"]) == (len(rows), None)
    assert saved.status == 200
    assert saved.json()["backfill"] == {"status": "done", "converted": 1, "skipped": len(ABSURD)}
    assert usage() == 1


def test_rows_of_absurd_numbers_are_named_when_an_adapter_reads_them(ada, usage):
    rows = [*ABSURD, {"ts": 1764784800}]
    unread = ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows}).json()
    preview = ada.post("/user/data/save_adapter?preview=1", json={"dataset": "d"}).json()
    ada.post("/user/data/save_adapter", json={"dataset": "d"})

    read = ada.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows}).json()
    metrics = ada.get("/user/data/metrics?dataset=d")

    assert unread["usage"] is None
    assert (read["appended"], read["usage"]["recorded"]) == (len(rows), 1)
    assert [error["code"] for error in read["usage"]["errors"]] == CODES
    assert [error["code"] for error in preview["errors"]] == CODES
    assert (metrics.status, metrics.json()["rows"]) == (200, 2 * len(rows))
    assert usage() == 1


def test_rows_are_converted_again_only_where_they_gave_nothing_when_an_adapter_is_mended(
    ada, usage
):
    ada.post("/user/data/save_adapter", json={"dataset": "d", "x_field": "when"})
    assert append(ada)["usage"]["recorded"] == 0
    ada.post("/user/data/save_adapter", json={"dataset": "d"})
    assert append(ada)["usage"]["recorded"] == 2

    mended = ada.post("/user/data/save_adapter?backfill=1", json={"dataset": "d"}).json()

    assert mended["backfill"]["converted"] == 2
    assert usage() == 4


def test_runs_of_a_backfill_are_removed_when_their_batch_is_undone(ada, usage):
    batch_id = append(ada)["batch_id"]
    ada.post("/user/data/save_adapter?backfill=1", json={"dataset": "d"})

    undone = ada.post("/user/data/undo", json={"batch_id": batch_id}).json()

    assert (undone["removed_rows"], undone["removed_runs"]) == (3, 2)
    assert usage() == 0


def test_backfill_is_refused_when_the_adapter_is_disabled(ada):
    answer = ada.post("/user/data/save_adapter?backfill=1", json={"dataset": "d", "enabled": False})

    assert (answer.status, answer.code) == (422, "adapter_disabled")


def test_preview_tells_what_rows_would_give_and_saves_nothing(ada, usage):
    append(ada)

    preview = ada.post("/user/data/save_adapter?preview=1", json={"dataset": "d"}).json()

    assert [run["latency_ms"] for run in preview["runs"]] == [900.0, 950.0]
    assert [(fault["pointer"], fault["code"]) for fault in preview["errors"]] == [
        ("/rows/2/ts", "time_missing")
    ]
    assert ada.get("/user/data/get_adapter?dataset=d").status == 404
    assert usage() == 0


def test_append_is_refused_when_the_account_is_at_a_limit(ada, fold, monkeypatch, settings_env):
    from tests.conftest import forget_caches

    append(ada)
    fold()
    for name, status, code in (
        ("MAX_ROWS_A_DAY", 429, "daily_rows_exceeded"),
        ("MAX_BYTES", 422, "storage_limit_reached"),
        ("MAX_DATASETS", 422, "too_many_datasets"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, "1")
            forget_caches()
            answer = ada.post("/user/data/append_jsonl", json={"dataset": "e", "rows": ROWS})
            assert (answer.status, answer.code) == (status, code)
        forget_caches()
    assert len(append(ada, "e")["errors"]) == 0


def test_order_and_tail_are_those_of_the_appends(ada, fold):
    append(ada, rows=[{"n": n} for n in range(5)])
    fold()
    append(ada, rows=[{"n": n} for n in range(5, 8)])

    def numbers(**params):
        answer = ada.get("/user/data/get", params={"dataset": "d", **params}).json()
        return [row["n"] for row in answer["data"]], answer["has_more"]

    assert numbers(order="desc", limit=4) == ([7, 6, 5, 4], True)
    assert numbers(tail=2) == ([6, 7], False)
    assert numbers(tail=4) == ([4, 5, 6, 7], False)
    assert numbers(tail=100) == (list(range(8)), False)
    assert numbers(tail=4, limit=3) == ([4, 5, 6], True)


@pytest.mark.parametrize("query", ["tail=2&order=desc", "tail=2&cursor=x", "tail=0", "order=up"])
def test_reading_is_refused_when_what_is_asked_makes_no_sense(ada, query):
    append(ada)

    answer = ada.get(f"/user/data/get?dataset=d&{query}")

    assert answer.status == 400


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_walk_is_complete_and_free_of_doubles_when_rows_come_and_fold_between_pages(
    ada, fold, order
):
    for number in range(3):
        append(ada, rows=[{"n": 10 * number + n} for n in range(4)])
        if number == 0:
            fold()
    there = {row["n"] for row in rows_of(ada)}

    found, cursor = [], None
    for page in range(50):
        params = {"dataset": "d", "limit": 2, "order": order}
        answer = ada.get(
            "/user/data/get", params=params | ({"cursor": cursor} if cursor else {})
        ).json()
        found += [row["n"] for row in answer["data"]]
        cursor = answer["next_cursor"]
        if not answer["has_more"]:
            break
        if page < 4:
            append(ada, rows=[{"n": 100 + page}])
        if page % 2:
            fold()

    assert len(found) == len(set(found))
    assert there <= set(found)
    assert found == sorted(found, reverse=order == "desc")


def test_walk_goes_on_when_rows_are_taken_out_and_folded_between_pages(ada, fold):
    batches = [append(ada, rows=[{"n": 10 * b + n} for n in range(4)]) for b in range(4)]
    fold()
    page = ada.get("/user/data/get?dataset=d&limit=6").json()
    for taken in (batches[0], batches[3]):
        ada.post("/user/data/undo", json={"batch_id": taken["batch_id"]})
    fold()

    rest = ada.get("/user/data/get", params={"dataset": "d", "cursor": page["next_cursor"]}).json()

    assert [row["n"] for row in rest["data"]] == [12, 13, 20, 21, 22, 23]


def test_walk_ends_when_its_dataset_is_deleted_and_made_anew(ada, fold):
    append(ada)
    cursor = ada.get("/user/data/get?dataset=d&limit=1").json()["next_cursor"]
    fold()
    ada.request("DELETE", "/user/data/delete?dataset=d")
    append(ada)

    answer = ada.get("/user/data/get", params={"dataset": "d", "cursor": cursor})

    assert (answer.status, answer.code) == (400, "cursor_mismatch")


def test_batch_has_no_id_when_nothing_was_stored(ada):
    answer = ada.post("/user/data/append_jsonl?dry_run=1", json={"dataset": "d", "rows": ROWS})

    assert answer.json()["batch_id"] is None
    assert ada.post("/user/data/undo", json={"batch_id": "bat_nope"}).status == 404


@pytest.mark.exhaustive
def test_table_ends_early_when_its_rows_have_many_columns(ada):
    append(ada, rows=[{f"c{row % 40}_{n}": 1 for n in range(100)} for row in range(4_000)])

    params = {"dataset": "d", "format": "csv", "limit": 4_000}
    answer = ada.get("/user/data/get", params=params)

    assert answer.status == 200
    assert len(answer.text) <= 4.5 * 2**20
    assert 'rel="next"' in answer.headers["link"]
