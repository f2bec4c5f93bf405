"""What AWS would bill for watched calls."""

import pytest

from bench.metering import Meter
from shared.aws import Bucket, ConditionFailed, Queue, Table, Update
from tests.kit.faults import watched_calls


@pytest.fixture
def jobs(tables: dict[str, Table]) -> Table:
    return tables["JobsTable"]


def amounts(do) -> dict[str, float]:
    with watched_calls(meter := Meter()):
        do()
    del meter.amounts["aws_call"]
    return dict(meter.amounts)


def test_indexes_count_when_a_write_enters_them(jobs) -> None:
    waiting = {"pk": "USER#ada", "sk": "JOB#1", "waits_in": "a", "rank": "1"}

    assert amounts(lambda: jobs.put(waiting)) == {"dynamodb_wru": 2}


def test_writes_count_twice_when_they_are_a_transaction(jobs) -> None:
    writes = jobs.transaction()
    writes.put({"pk": "USER#ada", "sk": "JOB#1", "waits_in": "a", "rank": "1"})
    writes.put({"pk": "JOB#1", "sk": "OWNER"})

    assert amounts(writes.commit) == {"dynamodb_wru": 2 * 2 + 1}


def test_write_counts_when_its_condition_fails(jobs) -> None:
    def refused() -> None:
        with pytest.raises(ConditionFailed):
            jobs.update(Update("USER#ada", "JOB#1", set={"a": 1}, must_exist=True))

    assert amounts(refused) == {"dynamodb_wru": 1}


def test_larger_image_counts_when_an_update_shrinks_an_item(jobs) -> None:
    jobs.put({"pk": "USER#ada", "sk": "JOB#1", "text": "x" * 2_000})

    shrink = Update("USER#ada", "JOB#1", remove=("text",))

    assert amounts(lambda: jobs.update(shrink)) == {"dynamodb_wru": 2}


def test_each_item_counts_when_several_are_read_at_once(jobs) -> None:
    jobs.put({"pk": "a", "sk": "a", "text": "x" * 5_000})

    assert amounts(lambda: jobs.get_many([("a", "a"), ("b", "b")])) == {"dynamodb_rru": 3}


def test_query_of_an_index_counts_half_when_nothing_is_there(jobs) -> None:
    def query() -> None:
        list(jobs.query("a", index="waiting", key_names=("waits_in", "rank")))

    assert amounts(query) == {"dynamodb_rru": 0.5}


def test_objects_count_by_kind_when_they_are_written_read_and_deleted(bucket: Bucket) -> None:
    def use() -> None:
        bucket.put_new("jobs/a", b"{}")
        bucket.get("jobs/a")
        list(bucket.list("jobs/"))
        bucket.delete(["jobs/a"])

    assert amounts(use) == {"s3_put": 2, "s3_get": 1}


def test_requests_are_fair_ones_when_messages_have_a_group(queues: dict[str, Queue]) -> None:
    def send() -> None:
        queues["FailedEventsQueue"].send({}, group="ada")
        queues["CallbacksQueue"].send({})

    assert amounts(send) == {"sqs_fair_request": 1, "sqs_request": 1}


def test_unknown_operation_is_refused_when_no_rule_prices_it(jobs) -> None:
    with pytest.raises(LookupError, match="DescribeTable"):
        amounts(jobs.is_active)
