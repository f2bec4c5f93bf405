"""House rules of the template for everything that is no function."""

import re
from typing import Any

import pytest

from tests.template.conftest import Transformed, references
from tools.template import ROOT, read_template

TEMPLATE = read_template()
QUEUES = sorted(TEMPLATE.of_type("AWS::SQS::Queue"))
BUCKETS = ["AccessLogBucket", "DataBucket"]
TABLES = sorted(TEMPLATE.of_type("AWS::DynamoDB::Table"))


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_is_encrypted(transformed: Transformed, queue: str) -> None:
    assert transformed.document["Resources"][queue]["Properties"]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_refuses_plain_http(transformed: Transformed, queue: str) -> None:
    policies = transformed.referring("AWS::SQS::QueuePolicy", "Queues", queue)

    denials = [one for policy in policies for one in _statements(policy) if _is_tls_denial(one)]
    assert denials, f"no policy denies plain HTTP on {queue}"


@pytest.mark.parametrize("queue", QUEUES)
def test_failed_messages_go_somewhere(transformed: Transformed, queue: str) -> None:
    properties = transformed.document["Resources"][queue]["Properties"]

    assert "RedrivePolicy" in properties or queue == "FailedEventsQueue"


def test_last_resort_keeps_messages_longest_and_raises_an_alarm(transformed: Transformed) -> None:
    queue = transformed.document["Resources"]["FailedEventsQueue"]["Properties"]
    alarm = transformed.document["Resources"]["FailedEventsAlarm"]["Properties"]

    assert queue["MessageRetentionPeriod"] == 14 * 86_400
    assert references(alarm["Dimensions"]) == {"FailedEventsQueue"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_bucket_is_private_encrypted_and_refuses_plain_http(
    transformed: Transformed, bucket: str
) -> None:
    properties = transformed.document["Resources"][bucket]["Properties"]

    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert "BucketEncryption" in properties
    (policy,) = transformed.referring("AWS::S3::BucketPolicy", "Bucket", bucket)
    assert any(_is_tls_denial(one) for one in _statements(policy))


def test_only_s3_writes_the_access_log_and_only_the_data_buckets(transformed: Transformed) -> None:
    (policy,) = transformed.referring("AWS::S3::BucketPolicy", "Bucket", "AccessLogBucket")

    (grant,) = (one for one in _statements(policy) if one["Effect"] == "Allow")

    source = grant["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
    bucket = transformed.document["Resources"]["DataBucket"]["Properties"]["BucketName"]["Fn::Sub"]
    assert grant["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert source == f"arn:${{AWS::Partition}}:s3:::{bucket}"


@pytest.mark.parametrize("table", TABLES)
def test_table_is_encrypted_kept_and_restorable(transformed: Transformed, table: str) -> None:
    resource = transformed.document["Resources"][table]
    properties = resource["Properties"]

    assert properties["SSESpecification"] == {"SSEEnabled": True}
    # No longer than the bucket keeps what it had: what was erased is gone from both by then.
    assert properties["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True,
        "RecoveryPeriodInDays": {"Ref": "RecoveryDays"},
    }
    assert properties["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }
    assert is_kept(resource)


def test_bucket_is_private_versioned_encrypted_and_kept(transformed: Transformed) -> None:
    resource = transformed.document["Resources"]["DataBucket"]
    properties = resource["Properties"]

    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert "BucketEncryption" in properties
    assert is_kept(resource)
    (policy,) = transformed.referring("AWS::S3::BucketPolicy", "Bucket", "DataBucket")
    assert any(_is_tls_denial(one) for one in _statements(policy))


# What calls of the gateway handed over is of no use after them.
NOT_KEPT = ("asks/", "exports/", "folded/")


def test_history_is_kept_for_the_recovery_window(transformed: Transformed) -> None:
    properties = transformed.document["Resources"]["DataBucket"]["Properties"]
    rules = properties["LifecycleConfiguration"]["Rules"]
    days = transformed.document["Parameters"]["RecoveryDays"]

    # What an export holds is a copy, and what is under folded/ is never overwritten or deleted.
    for rule in (rule for rule in rules if rule.get("Prefix") not in NOT_KEPT):
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "RecoveryDays"}}
        # Old prompts and results go after a time of their own; they are kept as long after it.
        assert rule.get("Prefix") == "jobs/" or "ExpirationInDays" not in rule
        assert rule["Status"] == "Enabled"
    (folded,) = (rule for rule in rules if rule.get("Prefix") == "folded/")
    assert folded["ExpirationInDays"] == {"Ref": "RecoveryDays"}
    assert (days["Default"], days["MaxValue"]) == (7, 35)


# Where a function may delete versions for good, and why that takes nothing from the window.
DELETES_FOR_GOOD = {
    # A longer version begins with the same bytes (`volumes.SUPERSEDED_KEPT`); losers of a commit.
    "data/users/*",
    # The segments are kept under folded/.
    "segments/*",
}


def test_no_right_undermines_the_recovery_window(transformed: Transformed) -> None:
    reachable = {
        resource["Fn::Sub"].removeprefix("${DataBucket.Arn}/")
        for name, role in transformed.of_type("AWS::IAM::Role").items()
        # An account that was erased is meant to be beyond recovery.
        if name != "EraseAccountsRole"
        for policy in role["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:DeleteObjectVersion" in statement["Action"]
        for resource in _listed(statement["Resource"])
    }

    assert reachable == DELETES_FOR_GOOD


def test_upkeep_deletes_for_good_only_where_no_lifecycle_rule_runs(
    transformed: Transformed,
) -> None:
    policy = transformed.document["Resources"]["MaintainStorageExpires"]

    assert policy["Condition"] == "UpkeepExpires"
    assert transformed.document["Parameters"]["LifecycleRuns"]["Default"] == "true"


def test_nothing_is_circular(transformed: Transformed) -> None:
    """CloudFormation refuses cycles only at deployment, and `sam validate` does not see them."""
    resources = transformed.document["Resources"]
    needs = {
        name: {part for part in _needed(body) if part in resources}
        for name, body in resources.items()
    }
    while ready := {name for name, needed in needs.items() if not needed}:
        needs = {name: needed - ready for name, needed in needs.items() if name not in ready}

    assert sorted(needs) == []


def test_outputs_are_described(transformed: Transformed) -> None:
    assert all("Description" in output for output in transformed.document["Outputs"].values())


def test_three_headers_have_their_authorizers(transformed: Transformed) -> None:
    text = (ROOT / "template.yaml").read_text()

    headers = re.findall(r"Identity: \{Headers: \[([A-Za-z-]+)\], ReauthorizeEvery: (\d+)\}", text)
    assert {name for name, _ in headers} == {"X-User-Token", "X-Api-Key", "X-Device-Token"}
    assert all(int(seconds) <= 60 for _, seconds in headers)


def is_kept(resource: dict[str, Any]) -> bool:
    """Kept when the stack goes, but not when its creation fails: that would block the next."""
    kept = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
    return kept == ("RetainExceptOnCreate", "Retain")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one["Fn::If"][1] if "Fn::If" in one else one
        for one in policy["PolicyDocument"]["Statement"]
    ]


def _is_tls_denial(statement: dict[str, Any]) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {})
    return statement["Effect"] == "Deny" and condition == {"aws:SecureTransport": "false"}


def _needed(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {name for part in value.values() for name in _needed(part)}
        dependencies = value.get("DependsOn", [])
        found |= {dependencies} if isinstance(dependencies, str) else set(dependencies)
        found |= references(value) | _substituted(value.get("Fn::Sub"))
        return found
    if isinstance(value, list):
        return {name for part in value for name in _needed(part)}
    return set()


def _substituted(argument: Any) -> set[str]:
    text = argument[0] if isinstance(argument, list) else argument
    names = re.findall(r"\$\{([A-Za-z0-9:]+)[.}]", text) if isinstance(text, str) else []
    return set(names)
