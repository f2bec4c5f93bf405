"""Two stacks in one account and region: no name is fixed, and every name fits."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.errors import LocalCloudError
from local.release import check_stack_name
from shared.devices.queues import device_queue_name
from tests.template.conftest import Transformed
from tools import template as kit
from tools.template import read_template

# The property that names a resource of a type within its account and region (a bucket: everywhere).
NAMES = {
    "AWS::ApiGateway::RestApi": "Name",
    "AWS::ApiGatewayV2::Api": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Rule": "Name",
    "AWS::Glue::Database": "DatabaseInput",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
}
# Types whose resources have no name of their own, or one that AWS makes.
NAMELESS = {
    # Its name is one within its role.
    "AWS::IAM::Policy",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Glue::Table",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
}
# What AWS allows: https://docs.aws.amazon.com, "naming" or "quotas" of each service.
RULES = {
    "AWS::ApiGateway::RestApi": r".{1,255}",
    "AWS::S3::Bucket": r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "AWS::Glue::Database": r"[a-z0-9_-]{1,255}",
    "AWS::Scheduler::Schedule": r"[0-9a-zA-Z_.-]{1,64}",
    "AWS::Lambda::LayerVersion": r"[a-zA-Z0-9_-]{1,64}",
}
LONGEST_REGION = "ap-southeast-1"
# What `make deploy` lets a stack be called.
MOST_CHARACTERS = 30


def named(transformed: Transformed) -> Iterator[tuple[str, str, Any]]:
    """Logical id, type and name of every resource that the template names."""
    for logical_id, body in transformed.document["Resources"].items():
        kind = body["Type"]
        name = body.get("Properties", {}).get(NAMES.get(kind, ""))
        if name is not None:
            yield (
                logical_id,
                kind,
                name["Name"] if isinstance(name, dict) and "Name" in name else name,
            )


def test_each_type_of_resource_is_known_here(transformed: Transformed) -> None:
    kinds = {body["Type"] for body in transformed.document["Resources"].values()}

    assert kinds - set(NAMES) == NAMELESS & kinds


def test_every_name_carries_the_stacks(transformed: Transformed) -> None:
    for logical_id, _, name in named(transformed):
        assert "AWS::StackName" in str(name), f"{logical_id} has the fixed name {name!r}"


def test_exports_and_the_api_carry_the_stacks_name(transformed: Transformed) -> None:
    exports = [one["Export"] for one in transformed.document["Outputs"].values() if "Export" in one]
    (api,) = transformed.of_type("AWS::ApiGatewayV2::Api").values()

    assert all("AWS::StackName" in str(export) for export in exports)
    assert api["Properties"]["Body"]["info"]["title"] == {"Ref": "AWS::StackName"}


def test_every_name_is_allowed_when_stack_and_region_are_the_longest(
    transformed: Transformed, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = {"AWS::StackName": "s" * MOST_CHARACTERS, "AWS::Region": LONGEST_REGION}
    monkeypatch.setattr(kit, "_PSEUDO", kit._PSEUDO | longest)

    names = [(kind, read_template().resolve(name)) for _, kind, name in named(transformed)]

    assert {kind for kind, _ in names} == set(RULES)
    assert [one for one in names if not re.fullmatch(RULES[one[0]], one[1])] == []


def test_a_longer_name_would_not_fit_the_bucket(
    transformed: Transformed, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_long = {"AWS::StackName": "s" * (MOST_CHARACTERS + 1), "AWS::Region": LONGEST_REGION}
    monkeypatch.setattr(kit, "_PSEUDO", kit._PSEUDO | too_long)
    (bucket,) = (name for logical, _, name in named(transformed) if logical == "DataBucket")

    assert len(read_template().resolve(bucket)) == 64


def test_the_longest_queue_of_a_device_fits() -> None:
    prefix = f"{'s' * MOST_CHARACTERS}-device-"

    assert len(device_queue_name(prefix, "serial" * 100, "normal")) <= 80


def test_make_deploy_lets_the_longest_name_through_and_no_longer_one() -> None:
    check_stack_name("s" * MOST_CHARACTERS)

    with pytest.raises(LocalCloudError):
        check_stack_name("s" * (MOST_CHARACTERS + 1))
