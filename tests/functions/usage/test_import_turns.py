"""Imports take turns, and whatever fails between two AWS calls, each run is there once."""

import json
import threading

import pytest

from shared import clock, ids
from shared.imports import LEASE_S, Batch, ImportQuota, import_runs, read_records
from shared.imports.lease import ImportLease
from shared.storage.assembly import compactor
from shared.storage.log import Backlog, Catalog, SegmentLog, UserLog
from tests.kit.effort import some_calls
from tests.kit.faults import crash, lose_answer, watched_calls
from tools.template import read_template

PATH = "/usage/import"
ROWS = [{"run_id": f"r{n}", "ts": 1764784800 + n * 86_400, "latency_ms": n} for n in range(3)]
ALL = {"from": "2025-01-01", "to": "2026-12-31", "runs": 1000}


@pytest.fixture
def ada(api):
    return api("usage", user="ada")


@pytest.fixture
def lease(tables):
    return ImportLease(tables["CatalogTable"], "ada")


def ids_of(client):
    return sorted(run["run_id"] for run in client.get("/usage", params=ALL).json()["runs"])


def test_lease_outlives_the_function():
    timeout = read_template().functions()["Usage"]["Properties"]["Timeout"]

    assert timeout < LEASE_S


def test_503_when_another_import_goes_on_for_long(ada, lease, held_clock):
    assert lease.take()

    answer = ada.post(PATH, json=ROWS)

    assert (answer.status, answer.code) == (503, "import_busy")
    assert int(answer.headers["retry-after"]) > 0
    assert ids_of(ada) == []


def test_import_waits_when_another_ends_soon(ada, lease, held_clock, monkeypatch):
    lease.take()
    sleep = clock.sleep

    def end_meanwhile(seconds):
        sleep(seconds)
        lease.give_back()

    monkeypatch.setattr(clock, "sleep", end_meanwhile)

    assert ada.post(PATH, json=ROWS).status == 200


def test_import_goes_on_when_the_other_died_long_ago(ada, lease, held_clock):
    lease.take()
    held_clock.advance(LEASE_S + 1)

    assert ada.post(PATH, json=ROWS).status == 200


def test_others_are_not_held_up_when_one_user_imports(api, lease, held_clock):
    lease.take()

    assert api("usage", user="eve").post(PATH, json=ROWS).status == 200


@pytest.mark.parametrize("rows", [[{"tok_s": 9}], [{"tok_s": 9}, {"ts": None}]])
def test_no_turn_is_taken_when_no_ids_are_given(ada, lease, held_clock, rows):
    lease.take()

    with watched_calls() as calls:
        assert ada.post(PATH, json=rows).status in (200, 207)

    assert calls.names == ["GetItem", "UpdateItem", "PutObject"]


def test_no_turn_is_taken_when_nothing_is_stored(ada, lease, held_clock):
    lease.take()

    assert ada.post(PATH, json=ROWS, params={"dry_run": 1}).status == 200


def test_import_costs_these_calls_when_ids_are_given(ada):
    with watched_calls() as calls:
        ada.post(PATH, json=ROWS)

    assert calls.names == [
        "GetItem",  # Whether too much is pending.
        "UpdateItem",  # The turn,
        "GetItem", "ListObjectsV2", "Query", "GetItem",  # what is there,
        "UpdateItem",  # What the day has had,
        "PutObject",
        "UpdateItem",  # and the turn given back.
    ]  # fmt: skip


def test_runs_are_there_once_when_two_import_them_at_the_same_moment(ada, bucket, tables):
    records = read_records(json.dumps(ROWS).encode(), "application/json")
    imported = []

    def send():
        batch = Batch("ada", "ada", ids.ulid(), clock.now_us())
        catalog = Catalog(tables["CatalogTable"])
        backlog = Backlog(SegmentLog(bucket), catalog.table, 5_000)
        quota = ImportQuota(catalog.table, 1_000_000)
        result = import_runs(bucket, catalog, batch, records, backlog=backlog, quota=quota)
        imported.append(result.imported)

    # The second begins in the middle of the first: right before it stores.
    second = threading.Thread(target=send)
    with watched_calls() as calls:
        calls.before[6] = second.start
        send()
        second.join()

    assert imported == [3, 0]
    assert ids_of(ada) == ["r0", "r1", "r2"]


def number_of_calls(client, key):
    with watched_calls() as calls:
        client.post(PATH, json=ROWS, headers={"Idempotency-Key": key})
    return len(calls.names)


@pytest.mark.exhaustive
@pytest.mark.parametrize("key", ["k", None])
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("fault", [crash, lose_answer])
@pytest.mark.parametrize("folded", [True, False])
def test_runs_are_there_once_when_any_call_fails(
    api, bucket, tables, held_clock, key, place, fault, folded
):
    total = number_of_calls(api("usage", user="model"), "k")

    for number in some_calls(total, start=int(folded), share=2):
        client = api("usage", user=f"user-{number}")
        headers = {"Idempotency-Key": key} if key else {}
        with watched_calls() as calls:
            # A process that ended makes no more calls; a lost answer is a single one.
            last = number + (100 if fault is crash else 1)
            getattr(calls, place).update(dict.fromkeys(range(number, last), fault))
            first = client.post(PATH, json=ROWS, headers=headers)
        held_clock.advance(LEASE_S + 1)
        if folded:
            catalog = Catalog(tables["CatalogTable"])
            compactor(UserLog(bucket, catalog, f"user-{number}")).drain(lambda: True)

        again = client.post(PATH, json=ROWS, headers=headers)

        assert fault is crash or first.status in (200, 503), first.text
        assert again.status == 200, (number, calls.names, again.text)
        if key:
            assert again.json()["imported"] == 3, json.dumps(again.json())
        assert ids_of(client) == ["r0", "r1", "r2"], (number, calls.names)
