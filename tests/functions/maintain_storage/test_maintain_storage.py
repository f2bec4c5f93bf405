"""The schedule folds what no event announced."""

from functions.maintain_storage.handler import lambda_handler
from tests.kit.gateway import LambdaContext


def test_segments_are_folded_when_no_event_came(api, bucket):
    api("datasets", user="ada").post(
        "/user/data/append_jsonl", json={"dataset": "d", "rows": [{"a": 1}]}
    )

    done = lambda_handler({}, LambdaContext())
    again = lambda_handler({"deep": True}, LambdaContext())

    assert done == {"segments_folded": 1}
    assert again == {
        "segments_folded": 0,
        "users_edited": 0,
        "orphan_parts_removed": 0,
        "orphan_versions_removed": 0,
        "versions_expired": 0,
        "rollups_differing": 0,
    }
    assert bucket.get("data/users/ada/datasets/d.jsonl").count(b"\n") == 1
