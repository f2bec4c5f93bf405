"""Each function works under its own role, and needs every statement of its policy."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from tests.kit.local_cloud import LocalCloud


@contextmanager
def statement_taken_out(cloud: LocalCloud, function: str, sid: str) -> Iterator[None]:
    """The function's role without one statement, for a while."""
    iam = cloud.aws("iam")
    role = cloud.resource(f"{function}Role")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        kept = [part for part in document["Statement"] if part.get("Sid") != sid]
        if len(kept) < len(document["Statement"]):
            break
    else:
        raise AssertionError(f"{function} has no statement {sid}")
    put = lambda statements: iam.put_role_policy(  # noqa: E731
        RoleName=role,
        PolicyName=name,
        PolicyDocument=json.dumps({**document, "Statement": statements}),
    )
    put(kept)
    try:
        yield
    finally:
        put(document["Statement"])


def test_append_fails_when_the_role_may_not_write_segments(cloud: LocalCloud, demo):
    body = {"dataset": f"d-{uuid4().hex[:8]}", "rows": [{"a": 1}]}

    with statement_taken_out(cloud, "Datasets", "WriteAndFoldSegments"):
        refused = demo.post("/user/data/append_jsonl", json=body)
    allowed = demo.post("/user/data/append_jsonl", json=body)

    # A right that is missing is our fault, and trying again does not help.
    assert refused.status_code == 500
    assert refused.headers["content-type"] == "application/problem+json"
    assert "retry-after" not in refused.headers
    assert "Bucket" not in refused.text
    assert "evalyard-data" not in refused.text
    assert allowed.status_code == 200


def test_everybody_is_refused_when_the_authorizer_may_not_look_up_tokens(
    cloud: LocalCloud, clients, demo
):
    made = demo.post("/accounts/tokens", json={"kind": "user"}).json()
    fresh = clients(made["token"])

    with statement_taken_out(cloud, "AuthorizeRequest", "LookUpTokens"):
        refused = fresh.get("/accounts/me")
    allowed = fresh.get("/accounts/me")

    assert refused.status_code == 500
    assert allowed.status_code == 200
