"""Makes the template's tables, bucket and queues in whatever AWS the clients talk to."""

import json
import os
from functools import cache
from itertools import count
from typing import Any

import botocore.session

from tests.kit.quick_aws import make_bucket
from tools.template import REGION, STACK, Template

_QUEUE = "AWS::SQS::Queue"
_NUMBERS = count()
_TABLE_PROPERTIES = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
_QUEUE_ATTRIBUTES = (
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
)


@cache
def aws_client(service: str, endpoint_url: str | None = None) -> Any:
    """A client of the tests' own, beside those of the product."""
    session = botocore.session.get_session()
    return session.create_client(service, region_name=REGION, endpoint_url=endpoint_url)


def create_tables(template: Template, endpoint_url: str | None = None) -> None:
    """Every table with the template's keys and indexes."""
    dynamodb = aws_client("dynamodb", endpoint_url)
    for logical_id, resource in template.of_type("AWS::DynamoDB::Table").items():
        properties = template.resolve(resource["Properties"])
        wanted = {key: properties[key] for key in _TABLE_PROPERTIES if key in properties}
        dynamodb.create_table(TableName=f"{STACK}-{logical_id}", **wanted)
    name_tables(template)


def name_tables(template: Template) -> None:
    """Let the template know the names of its tables, which are there."""
    for logical_id in template.of_type("AWS::DynamoDB::Table"):
        template.physical[logical_id] = f"{STACK}-{logical_id}"


def create_buckets(template: Template, endpoint_url: str | None = None) -> None:
    """Every bucket, versioned where the template says so."""
    for logical_id, resource in template.of_type("AWS::S3::Bucket").items():
        properties = resource["Properties"]
        template.physical[logical_id] = _create_bucket(
            template.resolve(properties["BucketName"]),
            versioned="VersioningConfiguration" in properties,
            endpoint_url=endpoint_url,
        )


def _create_bucket(name: str, *, versioned: bool, endpoint_url: str | None) -> str:
    on_a_server = "AWS_ENDPOINT_URL_S3" in os.environ
    if not on_a_server and endpoint_url is None:
        make_bucket(name, versioned=versioned)
        return name
    if on_a_server:
        # A real server keeps what earlier tests left; moto forgets.
        name = f"{name}-{next(_NUMBERS)}"
    s3 = aws_client("s3", endpoint_url)
    s3.create_bucket(Bucket=name)
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def create_queues(template: Template, endpoint_url: str | None = None) -> dict[str, str]:
    """Every queue, each after the one that its failed messages go to; their addresses by
    logical id, which the template then knows.
    """
    sqs = aws_client("sqs", endpoint_url)
    for logical_id in _redrive_order(template):
        properties = template.resolve(template.of_type(_QUEUE)[logical_id].get("Properties", {}))
        attributes = {
            key: value if isinstance(value := properties[key], str) else json.dumps(value)
            for key in _QUEUE_ATTRIBUTES
            if key in properties
        }
        name = template.queue_name(logical_id)
        created = sqs.create_queue(QueueName=name, Attributes=attributes)
        template.physical[logical_id] = created["QueueUrl"]
    return {logical_id: template.physical[logical_id] for logical_id in template.of_type(_QUEUE)}


def _redrive_order(template: Template) -> list[str]:
    queues = template.of_type(_QUEUE)
    order: list[str] = []

    def visit(logical_id: str) -> None:
        if logical_id not in order:
            redrive = queues[logical_id].get("Properties", {}).get("RedrivePolicy")
            if redrive:
                visit(redrive["deadLetterTargetArn"]["Fn::GetAtt"][0])
            order.append(logical_id)

    for logical_id in queues:
        visit(logical_id)
    return order
