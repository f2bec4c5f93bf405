"""An account is erased by the deployed function, under its own role."""

import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx

from tests.kit.local_cloud import LocalCloud, until

# Where other functions write below a user's prefix, besides what this test makes by the API.
OTHERS = (
    "folded/{}/x",
    "rollups/user={}/x",
    "quarantine/{}/x",
    "exports/{}/x",
    "jobs/{}/x/y",
    "baselines/{}/m/x",
)


def leave_something_everywhere(cloud: LocalCloud, admin: httpx.Client, user_id: str) -> str:
    """A user with rows, runs, a job, a device and more; their token."""
    token: str = admin.post("/accounts/users", json={"user_id": user_id}).json()["token"]
    device = {"serial": f"{user_id}-phone", "owner": user_id}
    assert admin.post("/devices/register", json=device).status_code == 201
    with cloud.client(token) as user:
        user.post("/user/data/save_adapter", json={"dataset": "d"})
        body = {"dataset": "d", "rows": [{"ts": "2025-12-03T18:00:00Z", "latency_ms": 900}]}
        key = {"Idempotency-Key": "k"}
        assert user.post("/user/data/append_jsonl", json=body, headers=key).status_code == 200
        job = {"prompt": "Why?", "model": "none", "device_serial": device["serial"]}
        assert user.post("/api/jobs", json=job).status_code == 202
        assert user.get("/accounts/webhook_secret").status_code == 200
    s3, bucket = cloud.aws("s3"), cloud.resource("DataBucket")
    for place in OTHERS:
        for body_ in (b"old", b"new"):
            s3.put_object(Bucket=bucket, Key=place.format(user_id), Body=body_)
    s3.delete_object(Bucket=bucket, Key=OTHERS[0].format(user_id))
    s3.create_multipart_upload(Bucket=bucket, Key=f"exports/{user_id}/unfinished")
    return token


def versions(cloud: LocalCloud, user_id: str) -> list[str]:
    """Every version and delete marker of a user, below every prefix."""
    s3, bucket = cloud.aws("s3"), cloud.resource("DataBucket")
    made = ("segments/{}/x", "data/users/{}/x", "runs/user={}/x")
    found: list[str] = []
    for place in (*made, *OTHERS):
        prefix = place.partition("/x")[0].format(user_id) + "/"
        page = s3.list_object_versions(Bucket=bucket, Prefix=prefix)
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        found += [entry["Key"] for entry in entries]
    return found


def pass_time(cloud: LocalCloud, user_id: str, seconds: int) -> None:
    """As if the erasure had begun, and the last trace been found, so much earlier."""
    dynamodb, key = cloud.aws("dynamodb"), {"pk": {"S": "ERASURES"}, "sk": {"S": user_id}}
    with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.update_item(
            TableName=cloud.resource("AccountsTable"),
            Key=key,
            UpdateExpression="SET begun_us = begun_us - :us, quiet_us = quiet_us - :us",
            # The schedule may have finished it at this moment.
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":us": {"N": str(seconds * 1_000_000)}},
        )


def run(cloud: LocalCloud) -> dict[str, Any]:
    """Invoke the function once, beside its schedule."""
    name = cloud.resource("EraseAccounts")
    answer = cloud.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
    done: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "errorType" not in done, done
    return done


def test_account_is_erased_with_all_versions_by_the_functions_own_role(
    cloud: LocalCloud, admin: httpx.Client
) -> None:
    user_id = f"u{uuid4().hex[:10]}"
    token = leave_something_everywhere(cloud, admin, user_id)
    assert len(versions(cloud, user_id)) > 8

    answer = admin.delete(f"/accounts/users/{user_id}")
    assert answer.status_code == 202, answer.text
    with cloud.client(token) as user:
        until(lambda: user.get("/accounts/me").status_code == 401, "the token is refused")
    pass_time(cloud, user_id, 120)

    def left() -> dict[str, int]:
        assert run(cloud).get("failed") is None
        found: dict[str, int] = admin.get(f"/accounts/users/{user_id}").json()["left"]
        return found

    until(lambda: left() == {"account": 1} and not versions(cloud, user_id), "all versions go")

    def status() -> str:
        # Other functions may still write; then the time without a trace begins again.
        pass_time(cloud, user_id, 1_800)
        run(cloud)
        found: str = admin.get(f"/accounts/users/{user_id}").json()["status"]
        return found

    until(lambda: status() == "erased", "the account is erased")

    assert admin.delete(f"/accounts/users/{user_id}").status_code == 404
    told = admin.get("/accounts/audit", params={"limit": 200}).json()["data"]
    about = [entry["action"] for entry in told if entry["object"] == user_id]
    assert about == ["erasure.finished", "erasure.begun", "user.created"]
    assert admin.post("/accounts/users", json={"user_id": user_id}).status_code == 201


def test_tree_of_tokens_dies_under_the_functions_own_role(
    cloud: LocalCloud, admin: httpx.Client
) -> None:
    parent = admin.post("/accounts/tokens", json={"kind": "user"}).json()
    with cloud.client(parent["token"]) as maker:
        child = maker.post("/accounts/tokens", json={"kind": "user"}).json()
        serial = f"d-{uuid4().hex[:8]}"
        assert maker.post("/devices/register", json={"serial": serial}).status_code == 201

    answer = admin.delete(f"/accounts/tokens/{parent['token_id']}", params={"children": "1"})

    assert answer.status_code == 204
    assert child["created_by"] == parent["token_id"]
    with cloud.client(child["token"]) as orphan:
        until(lambda: orphan.get("/accounts/me").status_code == 401, "the child is refused")
    assert admin.delete(f"/devices/{serial}").status_code == 204
