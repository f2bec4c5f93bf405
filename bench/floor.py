"""What the emulator makes of a job's calls when nothing of ours is in them.

A function without layers, behind an HTTP API without an authorizer, makes the calls that claiming
and completing a job make while others wait (`tests/functions/jobs/test_calls_of_a_job.py`), by
botocore as it is, on one small item and one small object. What we leave out of botocore and parse
ourselves is in it, so ours may be faster.
"""

import io
import itertools
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.kit.local_cloud import LocalCloud

_NAME = "floor"
_ROLE = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
"Principal": {"Service": "lambda.amazonaws.com"}}]}"""
_RIGHTS = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Action": ["dynamodb:*", "s3:*", "sqs:*"], "Resource": "*"}]}"""
_CODE = """
import os

import botocore.session

session = botocore.session.get_session()
dynamodb, s3, sqs = map(session.create_client, ("dynamodb", "s3", "sqs"))
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
SET = {
    "TableName": "floor", "Key": KEY, "UpdateExpression": "SET x = :x",
    "ExpressionAttributeValues": {":x": {"S": "y" * 500}},
}


def get():
    dynamodb.get_item(TableName="floor", Key=KEY, ConsistentRead=True)


def get_many():
    dynamodb.batch_get_item(RequestItems={"floor": {"Keys": [KEY], "ConsistentRead": True}})


def update():
    dynamodb.update_item(**SET, ConditionExpression="attribute_exists(pk)")


def transact():
    other = {**KEY, "sk": {"S": "c"}}
    dynamodb.transact_write_items(
        TransactItems=[{"Update": SET}, {"Update": {**SET, "Key": other}}]
    )


def query():
    dynamodb.query(
        TableName="floor", KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "a"}},
    )


def put():
    dynamodb.put_item(TableName="floor", Item={**KEY, "x": {"S": "y" * 500}})


def put_object():
    s3.put_object(Bucket="floor", Key="a", Body=b"y" * 500)


def send():
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody="a")


WORK = {
    "/claim": [get_many, get, get, update, update],
    "/complete": [
        get, get, put, update, put_object, transact, get_many, query, query, get_many, transact,
        send,
    ],
}


def handler(event, context):
    for call in WORK[event["rawPath"]]:
        call()
    return {"statusCode": 204}
"""


def jobs_per_second(cloud: LocalCloud, devices: int, jobs: int) -> float:
    """How many times a second the calls of a job are made, by so many devices at once."""
    url, queues = _deploy(cloud)
    send = cloud.aws("sqs").send_message
    for _ in range(devices):
        send(QueueUrl=queues[1], MessageBody="a")
    _seconds(cloud, url, queues, devices, 2 * devices)
    return jobs / _seconds(cloud, url, queues, devices, jobs)


def _seconds(
    cloud: LocalCloud, url: str, queues: tuple[str, str], devices: int, jobs: int
) -> float:
    numbers = itertools.count()

    def work(_: int) -> None:
        sqs = cloud.aws("sqs")
        with httpx.Client(base_url=url, timeout=60) as http:
            while next(numbers) < jobs:
                _one(sqs, http, queues)

    began = time.perf_counter()
    with ThreadPoolExecutor(devices) as pool:
        list(pool.map(work, range(devices)))
    return time.perf_counter() - began


def _one(sqs: Any, http: httpx.Client, queues: tuple[str, str]) -> None:
    """Look into the empty queue, then take from the other, as a device does."""
    sqs.receive_message(QueueUrl=queues[0])
    (message,) = sqs.receive_message(QueueUrl=queues[1], WaitTimeSeconds=20)["Messages"]
    for verb in ("claim", "complete"):
        http.post(verb).raise_for_status()
    sqs.delete_message(QueueUrl=queues[1], ReceiptHandle=message["ReceiptHandle"])


def _deploy(cloud: LocalCloud) -> tuple[str, tuple[str, str]]:
    keys = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
    cloud.aws("dynamodb").create_table(
        TableName=_NAME,
        AttributeDefinitions=keys,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for sk in ("b", "c"):
        item = {"pk": {"S": "a"}, "sk": {"S": sk}}
        cloud.aws("dynamodb").put_item(TableName=_NAME, Item=item)
    s3, sqs = cloud.aws("s3"), cloud.aws("sqs")
    s3.create_bucket(Bucket=_NAME)
    empty, used = (
        str(sqs.create_queue(QueueName=f"{_NAME}-{kind}")["QueueUrl"]) for kind in ("empty", "used")
    )
    return _api(cloud, _function(cloud, used)), (empty, used)


def _function(cloud: LocalCloud, queue: str) -> str:
    iam = cloud.aws("iam")
    role = iam.create_role(RoleName=_NAME, AssumeRolePolicyDocument=_ROLE)["Role"]["Arn"]
    iam.put_role_policy(RoleName=_NAME, PolicyName="all", PolicyDocument=_RIGHTS)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("floor.py", _CODE)
    lambdas = cloud.aws("lambda")
    made = lambdas.create_function(
        FunctionName=_NAME,
        Runtime="python3.13",
        Role=role,
        Handler="floor.handler",
        Code={"ZipFile": archive.getvalue()},
        MemorySize=512,
        Timeout=30,
        Environment={"Variables": {"QUEUE": queue}},
    )
    lambdas.get_waiter("function_active_v2").wait(FunctionName=_NAME)
    return str(made["FunctionArn"])


def _api(cloud: LocalCloud, function: str) -> str:
    gateway = cloud.aws("apigatewayv2")
    api = gateway.create_api(Name=_NAME, ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    for verb in ("claim", "complete"):
        gateway.create_route(
            ApiId=api, RouteKey=f"POST /{verb}", Target=f"integrations/{integration}"
        )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    cloud.aws("lambda").add_permission(
        FunctionName=_NAME,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    return f"{cloud.announced['aws_endpoint_url']}/_aws/execute-api/{api}/$default/"
