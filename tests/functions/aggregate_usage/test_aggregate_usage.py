"""S3 events fold, whatever their number, order or shape."""

import json
from urllib.parse import quote_plus

import pytest

from functions.aggregate_usage.handler import lambda_handler
from shared.storage.log import SegmentLog
from tests.kit.faults import lose_answer, watched_calls
from tests.kit.gateway import LambdaContext


class Unhurried(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 100_000


class Hurried(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 1_000


def event_of(*bodies: object) -> dict:
    return {
        "Records": [
            {"messageId": f"m{number}", "body": body if isinstance(body, str) else json.dumps(body)}
            for number, body in enumerate(bodies)
        ]
    }


def created(key: str) -> dict:
    return {
        "Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": quote_plus(key, safe="/")}}}]
    }


@pytest.fixture
def keys(api, bucket) -> list[str]:
    ada = api("datasets", user="ada")
    ada.post("/user/data/save_adapter", json={"dataset": "d"})
    for number in range(3):
        ada.post(
            "/user/data/append_jsonl", json={"dataset": "d", "rows": [{"ts": 1764784800 + number}]}
        )
    return [segment.name.key for segment in SegmentLog(bucket).pending("ada")]


def rows_and_runs(api) -> tuple[int, int]:
    (entry,) = api("datasets", user="ada").get("/user/data/list").json()["data"]
    usage = api("usage", user="ada").get("/usage/summary?from=2025-12-01&to=2026-01-01").json()
    return entry["rows"], usage["runs"]


def test_everything_is_folded_once_when_events_come_twice_and_out_of_order(api, bucket, keys):
    events = [created(key) for key in reversed(keys)]

    first = lambda_handler(event_of(*events), Unhurried())
    again = lambda_handler(event_of(*events, *events), Unhurried())

    assert first == again == {"batchItemFailures": []}
    assert list(SegmentLog(bucket).pending("ada")) == []
    assert rows_and_runs(api) == (3, 3)


def test_noise_is_dropped_when_it_names_no_segment(settings_env):
    test_event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}

    answer = lambda_handler(
        event_of(test_event, "not json", [1], created("elsewhere/x"), {"Records": [{}]}),
        Unhurried(),
    )

    assert answer == {"batchItemFailures": []}


def test_messages_come_again_when_time_runs_out(api, keys):
    answer = lambda_handler(event_of(created(keys[0]), created(keys[1])), Hurried())

    assert answer["batchItemFailures"] == [{"itemIdentifier": "m0"}, {"itemIdentifier": "m1"}]
    assert rows_and_runs(api) == (3, 3)


def test_only_the_failing_users_messages_come_again_when_folding_fails(api, bucket, keys):
    eve = api("datasets", user="eve")
    eve.post("/user/data/append_jsonl", json={"dataset": "d", "rows": [{"a": 1}]})
    (eves,) = [segment.name.key for segment in SegmentLog(bucket).pending("eve")]

    with watched_calls() as calls:
        # The first call is the read of the first user's checkpoint.
        calls.before[0] = lose_answer
        answer = lambda_handler(event_of(created(eves), created(keys[0])), Unhurried())

    assert answer["batchItemFailures"] == [{"itemIdentifier": "m0"}]
    assert list(SegmentLog(bucket).pending("ada")) == []
    assert len(list(SegmentLog(bucket).pending("eve"))) == 1
