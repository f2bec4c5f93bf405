"""What storage relies on: conditional writes, versions, events in AWS's format."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def bucket(s3: Any) -> str:
    """A versioned bucket."""
    name = f"conformance-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def _status(refused: pytest.ExceptionInfo[ClientError]) -> int:
    return int(refused.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_put_is_refused_when_the_key_exists_and_none_match_is_asked(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="segment", Body=b"first", IfNoneMatch="*")

    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="segment", Body=b"second", IfNoneMatch="*")

    assert _status(refused) == 412
    assert s3.get_object(Bucket=bucket, Key="segment")["Body"].read() == b"first"


def test_put_succeeds_when_the_last_version_is_a_delete_marker(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="segment", Body=b"first", IfNoneMatch="*")
    s3.delete_object(Bucket=bucket, Key="segment")

    s3.put_object(Bucket=bucket, Key="segment", Body=b"second", IfNoneMatch="*")

    assert s3.get_object(Bucket=bucket, Key="segment")["Body"].read() == b"second"


def test_one_put_wins_when_many_race_for_a_key(s3: Any, bucket: str) -> None:
    def put(body: int) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key="race", Body=str(body).encode(), IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(put, range(24)))

    assert won.count(True) == 1
    stored = s3.get_object(Bucket=bucket, Key="race")["Body"].read()
    assert int(stored) == won.index(True)


def test_put_is_refused_when_if_match_names_another_etag(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"first")

    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfMatch='"0123"')

    assert _status(refused) == 412


def test_old_version_is_readable_when_the_key_was_overwritten_and_deleted(
    s3: Any, bucket: str
) -> None:
    first = s3.put_object(Bucket=bucket, Key="rows", Body=b"first")["VersionId"]
    s3.put_object(Bucket=bucket, Key="rows", Body=b"second")
    s3.delete_object(Bucket=bucket, Key="rows")

    read = s3.get_object(Bucket=bucket, Key="rows", VersionId=first)

    assert read["Body"].read() == b"first"


def test_versions_show_the_delete_marker_when_an_object_was_deleted(s3: Any, bucket: str) -> None:
    version = s3.put_object(Bucket=bucket, Key="rows", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="rows")

    listed = s3.list_object_versions(Bucket=bucket, Prefix="rows")

    assert marker["DeleteMarker"] is True
    assert [each["VersionId"] for each in listed["Versions"]] == [version]
    assert [each["VersionId"] for each in listed["DeleteMarkers"]] == [marker["VersionId"]]
    assert listed["DeleteMarkers"][0]["IsLatest"] is True


def test_list_is_in_key_order_and_pages_when_there_is_more(s3: Any, bucket: str) -> None:
    for key in ("p/b", "p/a", "p/c", "q/z"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    first = s3.list_objects_v2(Bucket=bucket, Prefix="p/", MaxKeys=2)
    rest = s3.list_objects_v2(
        Bucket=bucket, Prefix="p/", ContinuationToken=first["NextContinuationToken"]
    )

    keys = [each["Key"] for page in (first, rest) for each in page["Contents"]]
    assert keys == ["p/a", "p/b", "p/c"]
    assert first["IsTruncated"] is True
    assert rest["IsTruncated"] is False


def test_part_copy_takes_the_named_version_when_the_source_moved_on(s3: Any, bucket: str) -> None:
    base = b"a" * (5 * 1024 * 1024)
    version = s3.put_object(Bucket=bucket, Key="volume", Body=base)["VersionId"]
    s3.put_object(Bucket=bucket, Key="volume", Body=b"other")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="volume")["UploadId"]
    target = {"Bucket": bucket, "Key": "volume", "UploadId": upload}

    source = {"Bucket": bucket, "Key": "volume", "VersionId": version}
    copied = s3.upload_part_copy(**target, PartNumber=1, CopySource=source)
    tail = s3.upload_part(**target, PartNumber=2, Body=b"tail")
    parts = [
        {"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]},
        {"PartNumber": 2, "ETag": tail["ETag"]},
    ]
    s3.complete_multipart_upload(**target, MultipartUpload={"Parts": parts})

    assert s3.get_object(Bucket=bucket, Key="volume")["Body"].read() == base + b"tail"


@pytest.fixture
def events_queue(s3: Any, sqs: Any, bucket: str) -> Iterator[str]:
    """A queue that hears of objects under `segments/`."""
    url = sqs.create_queue(QueueName=f"events-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    arn = attributes["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "QueueArn": arn,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "segments/"}]}},
                }
            ]
        },
    )
    yield url
    sqs.delete_queue(QueueUrl=url)


def _received(sqs: Any, url: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_test_event_arrives_when_notifications_are_configured(sqs: Any, events_queue: str) -> None:
    events = _received(sqs, events_queue)

    assert [event["Event"] for event in events] == ["s3:TestEvent"]
    assert "Records" not in events[0]


def test_event_names_the_encoded_key_and_version_when_an_object_is_put(
    s3: Any, sqs: Any, bucket: str, events_queue: str
) -> None:
    _received(sqs, events_queue)

    version = s3.put_object(Bucket=bucket, Key="segments/u/a b=1", Body=b"xy")["VersionId"]

    (record,) = _received(sqs, events_queue)[0]["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["name"] == bucket
    assert record["s3"]["object"]["key"] == "segments/u/a+b%3D1"
    assert record["s3"]["object"]["versionId"] == version
    assert record["s3"]["object"]["size"] == 2


def test_no_event_arrives_when_the_key_is_elsewhere_or_the_put_was_refused(
    s3: Any, sqs: Any, bucket: str, events_queue: str
) -> None:
    s3.put_object(Bucket=bucket, Key="segments/taken", Body=b"1")
    _received(sqs, events_queue)
    _received(sqs, events_queue)

    s3.put_object(Bucket=bucket, Key="data/elsewhere", Body=b"1")
    with pytest.raises(ClientError):
        s3.put_object(Bucket=bucket, Key="segments/taken", Body=b"2", IfNoneMatch="*")

    assert _received(sqs, events_queue) == []
