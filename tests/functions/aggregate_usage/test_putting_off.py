"""A few new runs are folded together, when the first of them is a minute old."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.aggregate_usage.handler import lambda_handler
from shared import clock, ids
from shared.aws import Bucket, Table
from shared.runs import Run
from shared.storage.assembly import compactor
from shared.storage.log import Catalog, FoldTurn, SegmentLog, SegmentName, UserLog, partition
from shared.storage.log.fold_turns import LEASE_S
from tests.conftest import HeldClock
from tests.kit.cloud import aws_client
from tests.kit.faults import Calls, Request, lose_answer, watched_calls
from tests.kit.gateway import LambdaContext
from tools.template import Template

Write = Callable[..., str]
NONE: dict[str, Any] = {"batchItemFailures": []}


class Unhurried(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 100_000


@dataclass
class Asked(Calls):
    """Calls with what they asked for."""

    requests: list[Request] = field(default_factory=list)

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        self.requests.append(request)
        return super().made(request, call)


@pytest.fixture
def write(bucket: Bucket, settings_env: dict[str, str], held_clock: HeldClock) -> Write:
    """Writes a segment of a user with so many runs; its key."""

    def written(runs: int = 1, user: str = "ada") -> str:
        before = {each.name.key for each in SegmentLog(bucket).pending(user)}
        found = [Run(run_id=ids.ulid(), ts_us=clock.now_us() + place) for place in range(runs)]
        SegmentLog(bucket).append(user, "", [], found, segment_id=ids.ulid(), repeatable=True)
        (key,) = {each.name.key for each in SegmentLog(bucket).pending(user)} - before
        return key

    return written


@pytest.fixture
def catalog(tables: Any, settings_env: dict[str, str]) -> Catalog:
    return Catalog(Table(settings_env["CATALOG_TABLE"]))


@pytest.fixture
def known(bucket: Bucket, catalog: Catalog, write: Write) -> FoldTurn:
    """The turn of a user who was folded before."""
    write()
    compactor(UserLog(bucket, catalog, "ada")).drain(lambda: True)
    turn = FoldTurn(catalog.table, "ada")
    turn.give_back(folded=1)
    return turn


@pytest.fixture
def url(queues: Any, settings_env: dict[str, str]) -> str:
    return str(queues["SegmentEventsQueue"].url)


def delivered(url: str, *keys: str) -> dict[str, Any]:
    """The event for new segments, as SQS hands it over after S3 has sent it."""
    for key in keys:
        body = {"Records": [{"s3": {"object": {"key": key, "size": 500}}}]}
        aws_client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(body))
    return come(url)


def come(url: str) -> dict[str, Any]:
    """The event for what is visible in the queue now."""
    records: list[dict[str, Any]] = []
    while (
        answer := aws_client("sqs")
        .receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"]
        )
        .get("Messages")
    ):
        records += [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
            }
            for each in answer
        ]
    return {"Records": records}


def again(event: dict[str, Any], times: int = 2) -> dict[str, Any]:
    """The same messages, delivered once more, for the second time or a later one."""
    often = {"ApproximateReceiveCount": str(times)}
    return {"Records": [{**each, "attributes": often} for each in event["Records"]]}


def ids_of(answer: dict[str, Any]) -> set[str]:
    return {each["itemIdentifier"] for each in answer["batchItemFailures"]}


def pending(bucket: Bucket, user: str = "ada") -> int:
    return SegmentLog(bucket).count_pending(user, 100)


def test_a_few_new_runs_wait_and_are_folded_by_one_commit(
    bucket: Bucket, known: FoldTurn, write: Write, url: str, held_clock: HeldClock
) -> None:
    event = delivered(url, *(write() for _ in range(3)))
    with watched_calls() as calls:
        first = lambda_handler(event, Unhurried())
    waiting = pending(bucket)

    late = delivered(url, write())
    with watched_calls() as seen:
        second = lambda_handler(late, Unhurried())

    held_clock.advance(60)
    folded = lambda_handler(again({"Records": event["Records"][:1]}), Unhurried())

    # One message stands for all of them, also for those that came when a fold was planned.
    assert ids_of(first) == {event["Records"][0]["messageId"]}
    assert calls.names == ["GetItem", "ChangeMessageVisibilityBatch", "UpdateItem"]
    assert (second, seen.names) == (NONE, ["GetItem"])
    assert (waiting, pending(bucket)) == (3, 0)
    assert folded == NONE


def test_what_was_put_off_is_invisible_until_it_is_old_enough(
    write: Write, url: str, held_clock: HeldClock
) -> None:
    event = delivered(url, write())
    held_clock.advance(20)

    with watched_calls(Asked()) as calls:
        lambda_handler(event, Unhurried())

    assert isinstance(calls, Asked)
    (request,) = (each for each in calls.requests if each.service == "sqs")
    assert [entry["VisibilityTimeout"] for entry in request.params["Entries"]] == [40]
    assert come(url) == {"Records": []}


@pytest.mark.parametrize(("segments", "runs"), [(1, 101), (50, 1), (1, 0)])
def test_it_is_folded_at_once_when_it_is_much_or_asked_for(
    bucket: Bucket, write: Write, url: str, segments: int, runs: int
) -> None:
    event = delivered(url, *(write(runs) for _ in range(segments)))

    answer = lambda_handler(event, Unhurried())

    assert (answer, pending(bucket)) == (NONE, 0)


def test_it_is_folded_at_once_when_it_is_old_or_cannot_be_put_off(
    bucket: Bucket, write: Write, url: str, held_clock: HeldClock
) -> None:
    young = delivered(url, write())
    with watched_calls() as calls:
        calls.before[0] = lose_answer
        not_put_off = lambda_handler(young, Unhurried())
    left = pending(bucket)
    old = delivered(url, write())
    held_clock.advance(60)

    assert (not_put_off, left) == (NONE, 0)
    assert (lambda_handler(old, Unhurried()), pending(bucket)) == (NONE, 0)


def test_one_users_few_runs_wait_when_anothers_many_do_not(
    bucket: Bucket, write: Write, url: str
) -> None:
    event = delivered(url, write(), write(101, "eve"))

    answer = lambda_handler(event, Unhurried())

    assert ids_of(answer) == {event["Records"][0]["messageId"]}
    assert (pending(bucket), pending(bucket, "eve")) == (1, 0)


def test_nothing_is_put_off_twice_when_its_message_is_early(
    bucket: Bucket, write: Write, url: str
) -> None:
    """A clock that is behind must not make a message go round."""
    event = delivered(url, write())
    lambda_handler(event, Unhurried())

    answer = lambda_handler(again(event), Unhurried())

    assert (answer, pending(bucket)) == (NONE, 0)


def test_a_message_folds_what_it_stands_for_when_its_own_segment_was_folded_meanwhile(
    bucket: Bucket,
    catalog: Catalog,
    known: FoldTurn,
    write: Write,
    url: str,
    held_clock: HeldClock,
) -> None:
    """The upkeep takes no turns, and so leaves the plan."""
    event = delivered(url, write())
    lambda_handler(event, Unhurried())
    compactor(UserLog(bucket, catalog, "ada")).drain(lambda: True)
    dropped = lambda_handler(delivered(url, write()), Unhurried())
    left = pending(bucket)

    held_clock.advance(60)
    answer = lambda_handler(again(event), Unhurried())

    assert (dropped, left) == (NONE, 1)
    assert (answer, pending(bucket)) == (NONE, 0)


def test_a_new_fold_is_planned_when_one_has_begun(
    known: FoldTurn, write: Write, url: str, held_clock: HeldClock
) -> None:
    lambda_handler(delivered(url, write()), Unhurried())
    held_clock.advance(60)
    known.take()
    event = delivered(url, write())

    answer = lambda_handler(event, Unhurried())

    assert ids_of(answer) == {event["Records"][0]["messageId"]}


def test_a_new_fold_is_planned_when_the_one_before_never_came(
    known: FoldTurn, write: Write, url: str, held_clock: HeldClock
) -> None:
    lambda_handler(delivered(url, write()), Unhurried())
    held_clock.advance(121)
    event = delivered(url, write())

    answer = lambda_handler(event, Unhurried())

    assert ids_of(answer) == {event["Records"][0]["messageId"]}


def test_messages_wait_for_the_process_that_folds_the_user_but_not_for_ever(
    bucket: Bucket, known: FoldTurn, write: Write, url: str
) -> None:
    known.take()
    event = delivered(url, write(101))
    with watched_calls() as calls:
        waits = lambda_handler(event, Unhurried())
    left = pending(bucket)

    folds = lambda_handler(again(event, times=4), Unhurried())

    assert ids_of(waits) == {event["Records"][0]["messageId"]}
    # The checkpoint, the turn, whether there is one, and the message.
    assert calls.names == ["GetItem", "UpdateItem", "GetItem", "ChangeMessageVisibilityBatch"]
    assert left == 1
    # A turn that was never given back costs time, no more.
    assert (folds, pending(bucket)) == (NONE, 0)


def test_a_turn_that_was_left_is_taken_when_it_has_run_out(
    known: FoldTurn, held_clock: HeldClock
) -> None:
    other = FoldTurn(known.table, known.user_id)
    known.take()
    early = other.take()
    held_clock.advance(LEASE_S + 1)

    late = other.take()
    known.give_back(folded=1)

    assert (early, late) == (False, True)
    # Who lost it gives nothing back.
    assert not FoldTurn(known.table, known.user_id).take()


def test_a_turn_lasts_longer_than_the_function_may_run(template: Template) -> None:
    assert template.functions()["AggregateUsage"]["Properties"]["Timeout"] < LEASE_S


def test_the_turn_is_given_back_when_a_fold_ends_or_fails(
    bucket: Bucket, known: FoldTurn, write: Write, url: str
) -> None:
    event = delivered(url, write(101))
    with watched_calls() as calls:
        calls.before[3] = lose_answer
        failed = lambda_handler(event, Unhurried())
    free = known.take()
    known.give_back(folded=0)

    done = lambda_handler(again(event), Unhurried())

    assert ids_of(failed) == {event["Records"][0]["messageId"]}
    assert free
    assert (done, pending(bucket)) == (NONE, 0)
    assert known.take()


def test_nothing_is_written_when_a_user_is_unknown(
    tables: Any, catalog: Catalog, url: str, held_clock: HeldClock
) -> None:
    """An event that comes after its user was erased."""
    name = SegmentName("ada", ids.ulid(), repeatable=True, dataset="", rows=0, runs=1, offset=0)
    event = delivered(url, name.key)

    lambda_handler(event, Unhurried())
    held_clock.advance(60)
    answer = lambda_handler(again(event), Unhurried())

    assert answer == NONE
    assert list(catalog.table.query(partition("ada"))) == []


def test_runs_that_came_during_a_fold_are_left_for_the_next(
    bucket: Bucket, known: FoldTurn, write: Write, url: str, held_clock: HeldClock
) -> None:
    """Else a user whose jobs end all the time would be folded all the time."""
    event = delivered(url, write(101))

    def another() -> None:
        held_clock.advance(1)
        write()

    with watched_calls() as calls:
        calls.before[5] = another
        answer = lambda_handler(event, Unhurried())

    assert (answer, pending(bucket)) == (NONE, 1)


def test_others_are_put_off_when_one_cannot_be(
    bucket: Bucket,
    catalog: Catalog,
    known: FoldTurn,
    write: Write,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(user="bob")
    compactor(UserLog(bucket, catalog, "bob")).drain(lambda: True)
    is_planned = FoldTurn.is_planned

    def fails_for_ada(turn: FoldTurn) -> bool:
        if turn.user_id == "ada":
            raise ZeroDivisionError
        return is_planned(turn)

    monkeypatch.setattr(FoldTurn, "is_planned", fails_for_ada)
    event = delivered(url, write(), write(user="bob"))

    answer = lambda_handler(event, Unhurried())

    # Who could not be put off is folded at once.
    [record] = [each for each in event["Records"] if "bob" in each["body"]]
    assert ids_of(answer) == {record["messageId"]}
    assert (pending(bucket), pending(bucket, "bob")) == (0, 1)
