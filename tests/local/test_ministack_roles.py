"""What least privilege relies on: a role may do what its policy says, a session still less."""

import json
import uuid
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.aws import REGION, LocalAws

_ACCOUNT = "000000000000"


def _policy(action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(aws: LocalAws) -> tuple[str, str]:
    """A role that may receive from queues named `device-…`: name and ARN."""
    name = f"device-{uuid.uuid4().hex[:8]}"
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{_ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    }
    iam = aws.client("iam")
    made = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    queues = f"arn:aws:sqs:{REGION}:{_ACCOUNT}:device-*"
    iam.put_role_policy(
        RoleName=name, PolicyName="work", PolicyDocument=_policy("sqs:ReceiveMessage", queues)
    )
    return name, made["Role"]["Arn"]


def _as_role(aws: LocalAws, arn: str, service: str, policy: str | None = None) -> Any:
    narrowed = {"Policy": policy} if policy else {}
    made = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="device", **narrowed)
    given = made["Credentials"]
    return boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION
    ).client(service, endpoint_url=aws.endpoint_url)


def _code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_role_is_refused_when_its_policy_lacks_the_action(
    aws: LocalAws, sqs: Any, role: tuple[str, str]
) -> None:
    url = sqs.create_queue(QueueName=f"device-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    as_role = _as_role(aws, role[1], "sqs")

    as_role.receive_message(QueueUrl=url)
    with pytest.raises(ClientError) as refused:
        as_role.send_message(QueueUrl=url, MessageBody="x")

    assert "AccessDenied" in _code(refused)


def test_role_is_refused_when_the_resource_is_another(
    aws: LocalAws, sqs: Any, role: tuple[str, str]
) -> None:
    url = sqs.create_queue(QueueName=f"other-{uuid.uuid4().hex[:8]}")["QueueUrl"]

    with pytest.raises(ClientError) as refused:
        _as_role(aws, role[1], "sqs").receive_message(QueueUrl=url)

    assert "AccessDenied" in _code(refused)


def test_session_is_refused_when_its_own_policy_is_narrower_than_the_role(
    aws: LocalAws, sqs: Any, role: tuple[str, str]
) -> None:
    mine, others = (
        sqs.create_queue(QueueName=f"device-{uuid.uuid4().hex[:8]}")["QueueUrl"] for _ in range(2)
    )
    own = f"arn:aws:sqs:{REGION}:{_ACCOUNT}:{mine.rsplit('/', 1)[1]}"
    session = _as_role(aws, role[1], "sqs", _policy("sqs:ReceiveMessage", own))

    session.receive_message(QueueUrl=mine)
    with pytest.raises(ClientError) as refused:
        session.receive_message(QueueUrl=others)

    assert "AccessDenied" in _code(refused)


def test_role_is_refused_at_once_when_a_statement_is_taken_out_of_its_policy(
    aws: LocalAws, sqs: Any, role: tuple[str, str]
) -> None:
    url = sqs.create_queue(QueueName=f"device-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    as_role = _as_role(aws, role[1], "sqs")
    as_role.receive_message(QueueUrl=url)

    aws.client("iam").delete_role_policy(RoleName=role[0], PolicyName="work")

    with pytest.raises(ClientError) as refused:
        as_role.receive_message(QueueUrl=url)
    assert "AccessDenied" in _code(refused)


def test_list_is_refused_when_its_prefix_is_not_the_policys(
    aws: LocalAws, s3: Any, role: tuple[str, str]
) -> None:
    bucket = f"roles-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    statement = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"StringLike": {"s3:prefix": "segments/*"}},
    }
    aws.client("iam").put_role_policy(
        RoleName=role[0],
        PolicyName="list",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    as_role = _as_role(aws, role[1], "s3")

    as_role.list_objects_v2(Bucket=bucket, Prefix="segments/demo/")
    with pytest.raises(ClientError) as refused:
        as_role.list_objects_v2(Bucket=bucket, Prefix="data/")

    assert "AccessDenied" in _code(refused)
