"""One try of a callback at a time, and only its holder writes the log."""

import pytest

from shared.aws import Table, Update
from shared.callbacks import Callback, CallbackRecords, Try
from tests.conftest import HeldClock


@pytest.fixture
def records(tables: dict[str, Table]) -> CallbackRecords:
    return CallbackRecords(tables["JobsTable"])


@pytest.fixture
def callback(records: CallbackRecords, held_clock: HeldClock) -> Callback:
    made = Callback(
        webhook_id="evt_1", job_id="job_1", user_id="ada", url="x", kind="job.dead", body=b"{}"
    )
    records.create(made)
    return stored(records)


def stored(records: CallbackRecords) -> Callback:
    found = records.find("job_1", "evt_1")
    assert found is not None
    return found


def tried(try_id: str) -> Try:
    return Try(try_id=try_id, at_us=1, status_code=500, ok=False, error="not_2xx", next_us=None)


def begun_by(records: CallbackRecords, callback: Callback, try_id: str) -> Callback:
    begun = records.begin_try(callback, try_id, asked=False)
    assert begun is not None
    return begun


def test_a_callback_stays_as_it_is_when_created_again(records, callback) -> None:
    begun = begun_by(records, callback, "a")

    records.create(callback)

    assert stored(records) == begun


def test_only_one_begins_when_two_have_read_the_same(records, callback) -> None:
    assert records.begin_try(callback, "a", asked=False) is not None
    assert records.begin_try(callback, "b", asked=False) is None
    assert records.begin_try(stored(records), "b", asked=False) is None


def test_an_outcome_is_kept_once_when_told_again(records, callback) -> None:
    begun = begun_by(records, callback, "a")

    told = [records.end_try(begun, tried("a"), over=False, due_us=9) for _ in range(2)]

    assert told == [True, True]
    assert (stored(records).made, stored(records).due_us) == (1, 9)
    assert [one.try_id for one in stored(records).tries] == ["a"]


def test_an_outcome_is_not_kept_when_the_try_was_taken_over(records, callback, held_clock) -> None:
    late = begun_by(records, callback, "a")
    held_clock.advance(61)
    heir = begun_by(records, stored(records), "b")

    assert not records.end_try(late, tried("a"), over=False, due_us=None)
    assert records.end_try(heir, tried("b"), over=True, due_us=None)
    assert [(one.try_id, one.error) for one in stored(records).tries] == [
        ("a", "outcome_unknown"),
        ("b", "not_2xx"),
    ]
    assert stored(records).made == 1


def test_nothing_is_kept_when_the_job_is_gone(records, callback) -> None:
    begun = begun_by(records, callback, "a")
    records.table.delete("JOB#job_1", "CALLBACK#evt_1")

    assert not records.end_try(begun, tried("a"), over=True, due_us=None)
    assert records.begin_try(callback, "b", asked=False) is None
    assert records.find("job_1", "evt_1") is None


def test_what_is_sent_is_packed_and_comes_back_byte_for_byte(records) -> None:
    body = b'{"type":"job.dead","timestamp":"2026-01-01T00:00:00.000Z","data":{"job_id":"j"} }'
    records.create(
        Callback(webhook_id="evt_1", job_id="job_1", user_id="u", url="x", kind="k", body=body)
    )

    item = records.table.get("JOB#job_1", "CALLBACK#evt_1")

    assert item is not None
    assert "body" not in item
    assert len(item["packed"]) < len(body)
    assert stored(records).body == body


def test_a_callback_of_the_version_before_is_tried_on(records, callback) -> None:
    key = ("JOB#job_1", "CALLBACK#evt_1")
    records.table.update(Update(*key, set={"body": b'{"as": "it was"}'}, remove=("packed",)))

    begun = begun_by(records, stored(records), "a")
    records.end_try(begun, tried("a"), over=False, due_us=9)

    assert begun.body == stored(records).body == b'{"as": "it was"}'
    assert [one.try_id for one in stored(records).tries] == ["a"]
