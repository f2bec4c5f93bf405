"""The tests' short way to moto answers what the way through HTTP answers."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.kit.cloud import aws_client
from tests.kit.quick_aws import be_quick

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
OTHER = {**KEY, "sk": {"S": "c"}}
ITEM = {
    **KEY,
    "n": {"N": "1.5"},
    "b": {"B": b"\x00\xff"},
    "m": {"M": {"l": {"L": [{"NULL": True}, {"BOOL": False}, {"S": "é"}]}}},
    "s": {"SS": ["x", "y"]},
}
IS_NEW = {"ConditionExpression": "attribute_not_exists(pk)"}
# Differs from call to call.
BY_CHANCE = ("ResponseMetadata", "MessageId", "ReceiptHandle", "SentTimestamp", "LastModified")
# Of S3: versions are named by chance, and nothing of ours reads the others.
OF_S3 = (
    "VersionId",
    "NextVersionIdMarker",
    "DeleteMarkerVersionId",
    "Owner",
    "ChecksumCRC32",
    "ChecksumAlgorithm",
    "ChecksumType",
)
Answers = list[object]


def of_dynamodb() -> Answers:
    table: dict[str, Any] = {"TableName": "t"}
    dynamodb = aws_client("dynamodb")
    schema = [("pk", "HASH"), ("sk", "RANGE")]
    dynamodb.create_table(
        **table,
        KeySchema=[{"AttributeName": part, "KeyType": kind} for part, kind in schema],
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part, _ in schema],
        BillingMode="PAY_PER_REQUEST",
    )
    added = {
        "UpdateExpression": "SET #n = #n + :one",
        "ExpressionAttributeNames": {"#n": "n"},
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    asked = {
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": KEY["pk"]},
        "Limit": 1,
    }
    put = {"Put": {**table, "Item": OTHER}}
    check = {"ConditionCheck": {**table, "Key": KEY, **IS_NEW}}
    calls: list[Callable[[], Any]] = [
        lambda: dynamodb.put_item(**table, Item=ITEM),
        lambda: dynamodb.get_item(**table, Key=KEY, ConsistentRead=True),
        lambda: dynamodb.get_item(**table, Key=OTHER),
        lambda: dynamodb.update_item(**table, Key=KEY, ReturnValues="ALL_NEW", **added),
        lambda: dynamodb.put_item(**table, Item=ITEM, **IS_NEW),
        lambda: dynamodb.transact_write_items(TransactItems=[put, check]),
        lambda: dynamodb.transact_write_items(TransactItems=[put]),
        lambda: dynamodb.query(**table, **asked),
        lambda: dynamodb.batch_get_item(RequestItems={"t": {"Keys": [KEY, OTHER]}}),
        lambda: dynamodb.batch_write_item(RequestItems={"t": [{"DeleteRequest": {"Key": OTHER}}]}),
        lambda: dynamodb.delete_item(**table, Key=KEY, ReturnValues="ALL_OLD"),
        lambda: dynamodb.get_item(TableName="none", Key=KEY),
    ]
    return [said(call) for call in calls]


def of_sqs() -> Answers:
    sqs = aws_client("sqs")
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "7"})["QueueUrl"]
    entries = [{"Id": "0", "MessageBody": "two"}, {"Id": "1", "MessageBody": "three"}]
    every = {"QueueUrl": url, "AttributeNames": ["All"]}
    calls: list[Callable[[], Any]] = [
        lambda: url,
        lambda: sqs.send_message(QueueUrl=url, MessageBody="one"),
        lambda: sqs.send_message_batch(QueueUrl=url, Entries=entries),
        lambda: sqs.receive_message(**every, MaxNumberOfMessages=2),
        lambda: sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "QueueArn"]
        ),
        lambda: sqs.receive_message(**every, MaxNumberOfMessages=11),
        lambda: sqs.delete_message(QueueUrl=url, ReceiptHandle="none"),
        lambda: sqs.send_message(QueueUrl=f"{url}-none", MessageBody="one"),
    ]
    return [said(call) for call in calls]


def of_s3() -> Answers:
    s3 = aws_client("s3")
    b: dict[str, Any] = {"Bucket": "abc"}
    s3.create_bucket(**b)
    s3.put_bucket_versioning(**b, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(**b, Key="p/a", Body=b"0123456789", ContentType="text/csv")
    version = {"Key": "p/a", "VersionId": first["VersionId"]}

    def read(**options: Any) -> object:
        answer = s3.get_object(**b, **options)
        return answer["Body"].read(), {**answer, "Body": None}

    def versions(prefix: str, **options: str) -> object:
        return s3.list_object_versions(**b, Prefix=prefix, **options)

    calls: list[Callable[[], Any]] = [
        lambda: first,
        lambda: s3.put_object(**b, Key="p/a", Body=b"again", IfNoneMatch="*"),
        lambda: s3.put_object(**b, Key="p/a", Body=b"second"),
        lambda: s3.put_object(**b, Key="p/q/ü %", Body=b"", IfNoneMatch="*"),
        lambda: s3.put_object(**b, Key="z"),
        lambda: read(Key="p/a"),
        lambda: read(**version),
        lambda: read(**version, Range="bytes=2-4"),
        lambda: read(**version, Range="bytes=8-99"),
        lambda: read(**version, Range="bytes=3-"),
        lambda: read(**version, Range="bytes=10-"),
        lambda: read(Key="none"),
        lambda: read(Key="p/a", VersionId="none"),
        lambda: s3.head_object(**b, Key="p/a"),
        lambda: s3.head_object(**b, Key="none"),
        lambda: s3.list_objects_v2(**b),
        lambda: s3.list_objects_v2(**b, Prefix="p/", Delimiter="/"),
        lambda: s3.list_objects_v2(**b, Prefix="p/", StartAfter="p/a"),
        lambda: s3.list_objects_v2(**b, Prefix="p/", MaxKeys=1),
        lambda: s3.list_objects_v2(**b, Prefix="none"),
        lambda: versions("p/"),
        lambda: s3.delete_objects(**b, Delete={"Objects": [{"Key": "p/a"}], "Quiet": True}),
        lambda: s3.delete_objects(**b, Delete={"Objects": [{"Key": "none"}], "Quiet": True}),
        lambda: read(Key="p/a"),
        lambda: s3.put_object(**b, Key="p/a", Body=b"third", IfNoneMatch="*"),
        lambda: s3.list_objects_v2(**b, Prefix="p/"),
        lambda: versions(""),
        lambda: s3.delete_objects(**b, Delete={"Objects": [version], "Quiet": True}),
        lambda: versions("p/a"),
        lambda: s3.put_object(**b, Key="p/q/b"),
        lambda: s3.put_object(**b, Key="p/r/c"),
        lambda: s3.put_object(**b, Key="p/r/d"),
        lambda: s3.put_object(**b, Key="p/s/e"),
        lambda: versions("", Delimiter="/"),
        lambda: versions("p/", Delimiter="/"),
        lambda: versions("p/", Delimiter="/", KeyMarker="p/a"),
        lambda: versions("p/", Delimiter="/", KeyMarker="p/q/"),
        lambda: versions("p/", Delimiter="/", KeyMarker="p/qq/"),
        lambda: versions("p/", Delimiter="/", KeyMarker="p/s/"),
        lambda: versions("p/", KeyMarker="p/q/b"),
        lambda: s3.list_object_versions(**b, Prefix="p/", Delimiter="/", MaxKeys=2),
        lambda: s3.list_object_versions(**b, Prefix="p/", MaxKeys=1),
        lambda: s3.list_objects_v2(Bucket="none"),
        lambda: s3.list_multipart_uploads(**b),
        lambda: s3.create_multipart_upload(**b, Key="p/large")["Key"],
        lambda: s3.list_multipart_uploads(**b, Prefix="q/"),
        lambda: [each["Key"] for each in s3.list_multipart_uploads(**b, Prefix="p/")["Uploads"]],
    ]
    return [said(call) for call in calls]


def said(call: Callable[[], Any]) -> object:
    """What a call answers or raises, without what is there by chance."""
    try:
        return _lasting(call())
    except ClientError as exc:
        return type(exc).__name__, _lasting(exc.response)


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: part for name, part in value.items() if name not in BY_CHANCE + OF_S3}
        return {name: _lasting(part) for name, part in kept.items() if "Timestamp" not in name}
    return [_lasting(part) for part in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("answers", [of_dynamodb, of_sqs, of_s3])
def test_the_short_way_answers_as_http_does(answers: Callable[[], Answers]) -> None:
    with mock_aws():
        by_http = answers()

    with pytest.MonkeyPatch.context() as patch, mock_aws():
        be_quick(patch)
        quick = answers()

    assert quick == by_http


def test_what_is_stored_is_not_what_the_caller_holds(aws: None, tables: dict[str, Any]) -> None:
    name = tables["AccountsTable"].name
    item = {"pk": {"S": "a"}, "sk": {"S": "b"}, "m": {"M": {"x": {"S": "1"}}}}
    dynamodb = aws_client("dynamodb")

    dynamodb.put_item(TableName=name, Item=item)
    item["m"]["M"]["x"]["S"] = "2"

    found = dynamodb.get_item(TableName=name, Key=KEY)["Item"]
    assert found["m"] == {"M": {"x": {"S": "1"}}}
