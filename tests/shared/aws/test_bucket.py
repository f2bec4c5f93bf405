"""Objects are stored once, read by version and range, listed in order."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from shared.aws import Bucket, ObjectMissing
from shared.errors import CallRefused, Unavailable
from tests.kit.cloud import aws_client
from tests.kit.faults import lose_answer, watched_calls

MIB = 2**20


def refuse(code: str, status: int) -> Callable[[], None]:
    def act() -> None:
        answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(answer, "PutObject")  # type: ignore[arg-type]  # botocore's own shape.

    return act


def test_object_is_new_once(bucket: Bucket) -> None:
    assert bucket.put_new("a/1", b"mine") is True
    assert bucket.put_new("a/1", b"theirs") is False
    assert bucket.get("a/1") == b"mine"


def test_it_was_us_when_the_answer_was_lost(bucket: Bucket) -> None:
    with watched_calls() as calls:
        calls.after[0] = lose_answer
        stored = bucket.put_new("a/1", b"mine")

    assert stored is True
    assert bucket.get("a/1") == b"mine"


def test_nothing_is_stored_twice_when_it_was_deleted_meanwhile(bucket: Bucket) -> None:
    """Folded away before the lost answer is settled: the version history still tells."""

    def fold_and_lose() -> None:
        bucket.delete(["a/1"])
        lose_answer()

    with watched_calls() as calls:
        calls.after[0] = fold_and_lose
        stored = bucket.put_new("a/1", b"mine")

    assert stored is True
    assert list(bucket.list("a/")) == []


@pytest.mark.parametrize(
    "fault",
    [lose_answer, refuse("SlowDown", 503), refuse("ConditionalRequestConflict", 409)],
    ids=["network", "slow down", "collision"],
)
def test_object_is_stored_when_the_first_try_failed(
    bucket: Bucket, fault: Callable[[], None]
) -> None:
    with watched_calls() as calls:
        calls.before[0] = fault
        stored = bucket.put_new("a/1", b"mine")

    assert stored is True
    assert bucket.get("a/1") == b"mine"


def test_our_fault_when_refused_for_good(bucket: Bucket) -> None:
    with watched_calls() as calls:
        calls.before[0] = refuse("AccessDenied", 403)
        with pytest.raises(CallRefused):
            bucket.put_new("a/1", b"mine")

    assert calls.names == ["PutObject"]


def test_unavailable_when_nothing_is_known_after_three_tries(bucket: Bucket) -> None:
    with watched_calls() as calls:
        calls.before = dict.fromkeys((0, 2, 4), lose_answer)
        with pytest.raises(Unavailable):
            bucket.put_new("a/1", b"mine")

    assert calls.names == ["PutObject", "ListObjectVersions"] * 2 + ["PutObject"]


def test_neighbours_do_not_count_as_written(bucket: Bucket) -> None:
    bucket.put_new("a/10", b"x")

    assert not bucket.was_written("a/1")


def test_each_version_can_be_read(bucket: Bucket) -> None:
    first = bucket.put("d", b"one")
    second = bucket.put("d", b"two")

    assert bucket.get("d", version_id=first.version_id) == b"one"
    assert bucket.get("d", version_id=second.version_id) == b"two"
    assert bucket.get("d") == b"two"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, None, b"0123456789"), (3, None, b"3456789"), (0, 4, b"0123"), (2, 5, b"234")],
)
def test_range_is_half_open(bucket: Bucket, start: int, end: int | None, expected: bytes) -> None:
    bucket.put("d", b"0123456789")

    assert bucket.get("d", start=start, end=end) == expected


def test_missing_object_is_told_apart(bucket: Bucket) -> None:
    with pytest.raises(ObjectMissing):
        bucket.get("nothing")


def test_listing_goes_on_over_pages_in_order(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "7")
    keys = [f"l/{number:04}" for number in range(20)]
    for key in reversed(keys):
        aws_client("s3").put_object(Bucket=bucket.name, Key=key, Body=b"")

    with watched_calls() as calls:
        found = [entry.key for entry in bucket.list("l/")]

    assert found == keys
    assert calls.names == ["ListObjectsV2"] * 3
    assert [entry.key for entry in bucket.list("l/", start_after="l/0004")] == keys[5:]


def test_folders_are_named_once(bucket: Bucket) -> None:
    for key in ("s/ada/1", "s/ada/2", "s/eve/1", "t/x/1"):
        bucket.put(key, b"")

    assert list(bucket.list_folders("s/")) == ["ada", "eve"]


def test_deleting_what_is_not_there_is_no_error(bucket: Bucket) -> None:
    bucket.put("a", b"")

    bucket.delete(["a", "b"])
    bucket.delete([])

    assert list(bucket.list("")) == []


def test_grown_object_is_base_and_tail(bucket: Bucket) -> None:
    base = bucket.put("d", b"b" * (5 * MIB))
    bucket.put("d", b"somebody else's")

    grown = bucket.put_grown("d", base, b"tail")

    assert bucket.get("d", version_id=grown.version_id) == b"b" * (5 * MIB) + b"tail"
