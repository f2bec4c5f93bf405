"""Functions behind queues: one message that cannot be handled costs no other, at any of them."""

import importlib
import json
from typing import Any

import pytest

from functions.aggregate_usage.handler import lambda_handler as aggregate
from functions.collect_dead_jobs.handler import lambda_handler as collect
from functions.deliver_callback.handler import lambda_handler as deliver
from functions.record_token_use.handler import lambda_handler as record_use
from shared import ids
from shared.accounts import TokenRequest, find_token, issue_token
from shared.storage.log import SegmentLog
from tests.kit.faults import UNFORESEEN, about, watched_calls
from tests.kit.gateway import LambdaContext
from tests.kit.yard import Yard, sqs_event
from tools.template import read_template

# Of every function that the template puts behind a queue.
HANDLERS = [
    importlib.import_module(function["Properties"]["Handler"].rpartition(".")[0]).lambda_handler
    for function in read_template().functions().values()
    if any(event["Type"] == "SQS" for event in function["Properties"].get("Events", {}).values())
]


class Patient(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 100_000


def again(answer: dict[str, Any]) -> list[str]:
    """The ids of the messages that come again, by AWS's form of the answer."""
    assert answer.keys() == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def created(*users: str) -> dict[str, Any]:
    name = "01ARZ3NDEKTSV4RRFFQ69G5FAV-a0-1-0-20-d.jsonl"
    return {"Records": [{"s3": {"object": {"key": f"segments/{user}/{name}"}}} for user in users]}


@pytest.mark.parametrize("failure", UNFORESEEN, ids=lambda failure: type(failure).__name__)
def test_exactly_the_messages_of_a_user_come_again_when_folding_fails(api, bucket, failure, capsys):
    for user in ("ada", "bob", "cyd"):
        rows = {"dataset": "d", "rows": [{"a": 1}]}
        assert api("datasets", user=user).post("/user/data/append_jsonl", json=rows).status == 200
    bodies = [created("ada"), created("ada", "bob", "cyd"), created("cyd"), created("bob", "bob")]

    with watched_calls() as calls:
        calls.failing.append((about("bob"), failure))
        first = aggregate(sqs_event(*bodies), Patient())
    pending = {user for user in ("ada", "bob", "cyd") if list(SegmentLog(bucket).pending(user))}
    told = capsys.readouterr().out
    second = aggregate(sqs_event(*bodies), Patient())

    assert (again(first), again(second)) == (["message-1", "message-3"], [])
    assert pending == {"bob"}
    assert "UsersNotServed" in told
    assert not list(SegmentLog(bucket).pending("bob"))


def test_later_users_have_their_share_when_the_first_has_more_to_do_than_time(api, bucket):
    for user in ("ada", "bob"):
        for _ in range(2):
            rows = {"dataset": "d", "rows": [{"a": 1}]}
            api("datasets", user=user).post("/user/data/append_jsonl", json=rows)

    class Slow(LambdaContext):
        left = 100_000

        def get_remaining_time_in_millis(self) -> int:
            # Looking at the clock is what takes time here: forty looks are the whole of it.
            type(self).left -= 2_000
            return type(self).left

    with watched_calls() as calls:
        # Nothing of the first user is ever finished.
        calls.failing.append((about("ada", "TransactWriteItems"), _overtaken()))
        answer = aggregate(sqs_event(created("ada"), created("bob")), Slow())

    assert again(answer) == ["message-0"]
    assert not list(SegmentLog(bucket).pending("bob"))


def _overtaken() -> Exception:
    from shared.aws import TransactionLost

    return TransactionLost(("ConditionalCheckFailed",))


@pytest.mark.parametrize("failure", UNFORESEEN, ids=lambda failure: type(failure).__name__)
def test_all_other_jobs_are_collected_when_one_fails(yard: Yard, failure, capsys):
    yard.add("dev-2")
    yard.add("dev-3")
    jobs = [yard.submit()["job_id"] for _ in range(3)]
    bodies = [{"job_id": job_id} for job_id in jobs]

    with watched_calls() as calls:
        calls.failing.append((about(jobs[1]), failure))
        first = collect(sqs_event(*bodies), LambdaContext())
    told = capsys.readouterr().out
    second = collect(sqs_event(bodies[1]), LambdaContext())

    assert (again(first), again(second)) == (["message-1"], [])
    assert "MessagesNotHandled" in told
    assert {yard.job(job_id)["status"] for job_id in jobs} == {"dead"}


@pytest.mark.parametrize("failure", UNFORESEEN, ids=lambda failure: type(failure).__name__)
def test_all_other_tries_are_made_when_one_callback_fails(yard: Yard, failure, capsys):
    bodies = [
        {"job_id": f"job_{number}", "webhook_id": "whk", "try": 1, "due_us": 0}
        for number in range(3)
    ]

    with watched_calls() as calls:
        calls.failing.append((about("job_1"), failure))
        first = deliver(sqs_event(*bodies), LambdaContext())
    told = capsys.readouterr().out
    second = deliver(sqs_event(*bodies), LambdaContext())

    assert (again(first), again(second)) == (["message-1"], [])
    assert "MessagesNotHandled" in told


def test_all_other_uses_are_recorded_when_one_fails(settings_env, tables, capsys):
    accounts = tables["AccountsTable"]
    digests = [
        ids.token_digest(
            issue_token(accounts, TokenRequest(f"tok_{number}", "ada", "lab", False)).secret
        )
        for number in range(2)
    ]
    bodies = [{"digest": digest, "at_us": 1_767_225_600_000_000} for digest in digests]

    with watched_calls() as calls:
        calls.failing.append((about(digests[0]), UNFORESEEN[0]))
        answer = record_use(sqs_event(*bodies), LambdaContext())

    assert again(answer) == ["message-0"]
    assert "MessagesNotHandled" in capsys.readouterr().out
    assert find_token(accounts, "ada", "tok_1").last_used_us == 1_767_225_600_000_000


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        [],
        {"Records": None},
        {"Records": []},
        {"Records": [None, {}, {"messageId": None, "body": "{}"}]},
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"},
    ],
    ids=lambda event: json.dumps(event)[:20],
)
def test_nothing_comes_again_when_an_event_is_malformed(settings_env, handler, event):
    assert handler(event, Patient()) == {"batchItemFailures": []}


@pytest.mark.parametrize("handler", HANDLERS)
def test_messages_of_no_known_shape_are_dropped(settings_env, handler):
    bodies = ["", "no json", "null", "5", "[]", "{}", '{"Records": 5}', '{"Records": [5, {}]}',
              '{"Records": [{"s3": {"object": {"key": 7}}}]}', "[" * 50_000, '{"a": "\ud83d"}',
              '{"job_id": 5, "user_id": null, "digest": [], "webhook_id": {}}']  # fmt: skip

    assert handler(sqs_event(*bodies), Patient()) == {"batchItemFailures": []}
