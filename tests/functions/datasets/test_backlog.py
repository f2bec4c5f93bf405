"""Too many pending segments: appends and imports are refused for a while, jobs never."""

from typing import Any

import pytest

from shared import ids
from shared.storage.assembly import compactor
from shared.storage.log import BACKLOG, Catalog, SegmentLog, UserLog
from shared.storage.log.backlog import COUNT_EVERY, RECOUNT_AFTER_S, RETRY_AFTER_S
from tests.conftest import forget_caches
from tests.kit.faults import watched_calls
from tests.kit.gateway import ApiClient, ApiResponse
from tests.kit.yard import Yard

LIMIT = 12


@pytest.fixture
def limited(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """A yard where twelve segments of a user may be pending."""
    monkeypatch.setenv("MAX_PENDING_SEGMENTS", str(LIMIT))
    forget_caches()
    return yard


def append(yard: Yard, user: str = "ada", **kwargs: Any) -> ApiResponse:
    body = {"dataset": "d", "rows": [{"a": 1}]}
    return yard.api("datasets", user=user).post("/user/data/append_jsonl", json=body, **kwargs)


def import_run(yard: Yard, path: str = "/usage/import") -> ApiResponse:
    return yard.api("usage", user="ada").post(path, json=[{"ts": 1764784800, "model": "m"}])


def fill(yard: Yard, count: int = LIMIT, user: str = "ada") -> None:
    log = SegmentLog(yard.bucket)
    for _ in range(count):
        log.append(user, "d", [b'{"a":1}'], [], segment_id=ids.ulid(), repeatable=False)


def fold(yard: Yard) -> None:
    catalog = Catalog(yard.tables["CatalogTable"])
    compactor(UserLog(yard.bucket, catalog, "ada")).drain(lambda: True)


def pending(yard: Yard) -> int:
    return len(list(SegmentLog(yard.bucket).pending("ada")))


def calls_of_append(yard: Yard) -> list[str]:
    with watched_calls() as calls:
        append(yard)
    return calls.names


def test_an_append_is_refused_when_too_many_are_pending(limited: Yard) -> None:
    fill(limited)

    answer = append(limited)

    assert (answer.status, answer.code) == (429, "too_many_pending")
    assert answer.headers["retry-after"] == str(RETRY_AFTER_S)
    assert answer.json()["limit_pending_segments"] == LIMIT
    assert pending(limited) == LIMIT


def test_appends_are_taken_when_fewer_are_pending(limited: Yard) -> None:
    fill(limited, LIMIT - 2)

    answers = [append(limited).status for _ in range(3)]

    assert answers == [200, 200, 429]


def test_a_refusal_costs_no_listing_when_it_is_known_already(
    limited: Yard, held_clock: Any
) -> None:
    fill(limited)
    append(limited)

    assert calls_of_append(limited) == ["BatchGetItem"]


def test_another_function_refuses_too_when_one_has_counted(limited: Yard, held_clock: Any) -> None:
    fill(limited)
    append(limited)
    forget_caches()

    answers = [append(limited), import_run(limited)]

    assert [answer.code for answer in answers] == ["too_many_pending"] * 2


def test_they_are_counted_again_when_some_seconds_have_passed(
    limited: Yard, held_clock: Any
) -> None:
    fill(limited)
    append(limited)
    held_clock.advance(RECOUNT_AFTER_S)

    again = calls_of_append(limited)
    at_once = calls_of_append(limited)

    assert again == ["BatchGetItem", "UpdateItem", "ListObjectsV2"]
    assert at_once == ["BatchGetItem"]


def test_one_counts_again_when_many_are_refused_at_the_same_moment(
    limited: Yard, held_clock: Any
) -> None:
    fill(limited)
    append(limited)
    held_clock.advance(RECOUNT_AFTER_S)
    table = limited.tables["CatalogTable"]

    with watched_calls() as calls:
        item = table.get("USER#ada", BACKLOG)
        assert item is not None
        calls.before_each["UpdateItem"] = lambda: table.put({**item, "counted_us": 1})
        answer = append(limited)

    assert answer.code == "too_many_pending"
    assert "ListObjectsV2" not in calls.names


def test_appends_go_on_when_the_pending_ones_are_folded(limited: Yard, held_clock: Any) -> None:
    fill(limited)
    append(limited)
    fold(limited)

    soon = append(limited).status
    held_clock.advance(RECOUNT_AFTER_S)
    later = [append(limited).status for _ in range(3)]

    assert (soon, later) == (429, [200, 200, 200])


def test_the_same_call_is_carried_out_when_it_was_refused_before(
    limited: Yard, held_clock: Any
) -> None:
    fill(limited)
    key = {"headers": {"Idempotency-Key": "k"}}
    refused = append(limited, **key)
    fold(limited)
    held_clock.advance(RECOUNT_AFTER_S)

    taken = append(limited, **key)
    replayed = append(limited, **key)

    assert (refused.status, taken.status, replayed.status) == (429, 200, 200)
    assert replayed.headers["idempotent-replayed"] == "true"
    assert pending(limited) == 1


def test_an_import_is_refused_when_too_many_are_pending(limited: Yard) -> None:
    fill(limited)

    refused, tried = import_run(limited), import_run(limited, "/usage/import?dry_run=1")

    assert (refused.status, refused.code) == (429, "too_many_pending")
    assert tried.status == 200
    assert pending(limited) == LIMIT


def test_a_dry_run_and_other_users_are_served_when_one_has_too_many(limited: Yard) -> None:
    fill(limited)
    append(limited)
    client: ApiClient = limited.api("datasets", user="ada")
    body = {"dataset": "d", "rows": [{"a": 1}]}

    tried = client.post("/user/data/append_jsonl?dry_run=1", json=body)

    assert tried.status == 200
    assert append(limited, "eve").status == 200


def test_a_finished_job_leaves_its_run_when_too_many_are_pending(limited: Yard) -> None:
    job_id = limited.submit()["job_id"]
    attempt = limited.claim(job_id)
    fill(limited)
    append(limited)

    done = limited.complete(job_id, attempt)

    assert done.json()["status"] == "succeeded"
    assert pending(limited) == LIMIT + 1


def test_an_append_costs_a_listing_each_time_when_its_turn_comes(yard: Yard) -> None:
    costs = [calls_of_append(yard) for _ in range(COUNT_EVERY + 1)]

    listed = [number for number, calls in enumerate(costs, 1) if "ListObjectsV2" in calls]
    assert listed == [COUNT_EVERY]
    assert costs[COUNT_EVERY - 1].count("ListObjectsV2") == 1
    assert costs[0] == ["BatchGetItem", "PutObject"]
