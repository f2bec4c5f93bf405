"""What functions rely on: their role, queues that call them, the HTTP API, schedules."""

import io
import json
import os
import signal
import time
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from local.api_routes import import_http_apis
from local.aws import LocalAws
from local.catching_up import catch_up
from local.cloud import Cloud
from local.emulator import INVOCATIONS_PATH
from local.errors import LocalCloudError
from local.fire import fire
from local.home import Home
from local.invocation_log import read_invocation
from local.stack import Stack

_ROUTE_URI = {"Fn::Sub": "arn:…/functions/${Echo.Arn}/invocations"}
_AUTHORIZER_URI = {"Fn::Sub": "arn:…/functions/${Gate.Arn}/invocations"}

_ECHO = """
import json
def handler(event, context):
    identity = event["requestContext"].get("authorizer", {}).get("lambda")
    told = {"route": event["routeKey"], "path": event["rawPath"], "identity": identity}
    return {"statusCode": 200, "body": json.dumps(told)}
"""

_GATE = """
import time
def handler(event, context):
    token = event["identitySource"][0]
    if token == "broken":
        raise RuntimeError("no table")
    allowed = {"user_id": token, "asked_at": time.time_ns()}
    return {"isAuthorized": token != "denied", "context": allowed}
"""

_TWELVE = """
def handler(event, context):
    items = [{"itemIdentifier": each["messageId"]} for each in event["Records"]]
    return {"batchItemFailures": [] if len(items) == 12 else items}
"""
_PICKY = """
def handler(event, context):
    failed = [row["messageId"] for row in event["Records"] if "bad" in row["body"]]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
"""

_SCHEDULED = """
def handler(event, context):
    if event.get("broken"):
        raise RuntimeError("cannot")
    return {"seen": event}
"""

_WHERE = """
import os, tempfile, time
def handler(event, context):
    time.sleep(event.get("s", 0))
    return [os.getpid(), os.path.realpath(os.path.dirname(__file__)), tempfile.gettempdir()]
"""

_SAYS = """
import os, sys
def handler(event, context):
    for text in event["says"]:
        sys.stdout.write(text)
    if event.get("dies"):
        os._exit(1)
    return {}
"""

_WHO = """
import boto3
def handler(event, context):
    return boto3.client("sts").get_caller_identity()["Arn"]
"""


@pytest.fixture
def deployed(aws: LocalAws) -> Callable[..., str]:
    """Makes a function under a role of its own; its name."""

    def make(code: str, *actions: str) -> str:
        name = f"f-{uuid.uuid4().hex[:10]}"
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("code_of_function.py", code)
        aws.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=_role(aws, name, actions),
            Handler="code_of_function.handler",
            Timeout=10,
            Code={"ZipFile": archive.getvalue()},
        )
        return name

    return make


def _role(aws: LocalAws, name: str, actions: tuple[str, ...]) -> str:
    iam = aws.client("iam")
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [service]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if actions:
        work = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [work]})
        iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=policy)
    return str(arn)


def _invoke(aws: LocalAws, name: str, event: object = None) -> Any:
    payload = json.dumps(event or {})
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=payload)
    return json.loads(answer["Payload"].read())


def test_function_is_its_own_role_when_it_calls_aws(
    aws: LocalAws, deployed: Callable[..., str]
) -> None:
    name = deployed(_WHO, "sts:GetCallerIdentity")

    assert f":assumed-role/{name}/" in _invoke(aws, name)


@pytest.mark.parametrize(
    "says",
    [
        [[], ["one\n", "two\n"], []],
        [["no end"], ["next\n"]],
        [["x" * 3000 + "\n"] * 200, ["short\n"], [""]],
    ],
)
def test_invocation_has_the_lines_that_it_printed_and_no_others(
    aws: LocalAws, deployed: Callable[..., str], says: list[list[str]]
) -> None:
    name = deployed(_SAYS)

    for texts in says:
        _invoke(aws, name, {"says": texts})

    assert _printed(aws, name) == ["".join(texts).splitlines() for texts in says]


def test_lines_before_its_death_are_there_when_a_process_ends_in_an_invocation(
    aws: LocalAws, deployed: Callable[..., str]
) -> None:
    name = deployed(_SAYS)

    died = _invoke(aws, name, {"says": ["last words\n"], "dies": True})
    _invoke(aws, name, {"says": ["next\n"]})

    assert "errorMessage" in died
    first, second = _printed(aws, name)
    assert first[0] == "last words"
    assert second == ["next"]


def _printed(aws: LocalAws, name: str) -> list[list[str]]:
    """What each invocation of a function printed, taken out of the local AWS."""
    with urllib.request.urlopen(f"{aws.endpoint_url}{INVOCATIONS_PATH}", timeout=10) as answer:
        rows = [row for row in json.load(answer) if row["group"] == f"/aws/lambda/{name}"]
    streams = aws.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")
    assert streams["logStreams"] == []
    found = [read_invocation(name, row["events"]) for row in rows]
    return [list(each.printed) for each in found if each]


def test_processes_of_a_function_share_its_code_and_have_a_temporary_folder_each(
    aws: LocalAws, deployed: Callable[..., str]
) -> None:
    name = deployed(_WHERE)

    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(lambda _: _invoke(aws, name, {"s": 2}), range(3)))

    pids, code, temporary = (set(column) for column in zip(*ran, strict=True))
    assert (len(pids), len(code), len(temporary)) == (3, 1, 3)


def test_nothing_is_left_of_processes_that_were_killed_when_nobody_calls_them(
    aws: LocalAws, home: Home, deployed: Callable[..., str]
) -> None:
    name = deployed(_WHERE)
    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(lambda _: _invoke(aws, name, {"s": 1}), range(3)))
    for pid, _, temporary in ran:
        Path(temporary, "cached.parquet").write_bytes(b"x" * 1000)
        os.kill(pid, signal.SIGKILL)

    deadline = time.monotonic() + 60
    while left := _folders(home, name):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)

    assert _invoke(aws, name)[0] not in {pid for pid, *_ in ran}
    assert len(_folders(home, name)) == 2


def _folders(home: Home, name: str) -> list[Path]:
    """What the processes of a function have in memory and on disk."""
    places = (home.scratch, home.disk_scratch / "functions")
    return [each for place in places for each in place.glob(f"ministack-lambda-{name}-*")]


def test_only_failed_messages_return_when_a_batch_is_partly_done(
    aws: LocalAws, sqs: Any, deployed: Callable[..., str]
) -> None:
    read = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    function = deployed(_PICKY, *read)
    dead = sqs.create_queue(QueueName=f"{function}-dead")["QueueUrl"]
    dead_arn = _arn(sqs, dead)
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    attributes = {"RedrivePolicy": redrive, "VisibilityTimeout": "10"}
    queue = sqs.create_queue(QueueName=function, Attributes=attributes)["QueueUrl"]
    for body in ("good 1", "bad", "good 2"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    aws.client("lambda").create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=_arn(sqs, queue),
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )

    answer = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=20, MaxNumberOfMessages=10)
    assert [message["Body"] for message in answer["Messages"]] == ["bad"]


def test_messages_come_together_when_their_queue_has_a_batching_window(
    aws: LocalAws, sqs: Any, deployed: Callable[..., str]
) -> None:
    read = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    function = deployed(_TWELVE, *read)
    dead = sqs.create_queue(QueueName=f"{function}-dead")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": 1})
    attributes = {"RedrivePolicy": redrive, "VisibilityTimeout": "60"}
    queue = sqs.create_queue(QueueName=function, Attributes=attributes)["QueueUrl"]
    aws.client("lambda").create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=_arn(sqs, queue),
        BatchSize=100,
        MaximumBatchingWindowInSeconds=3,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )

    for number in range(12):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))

    deadline = time.monotonic() + 60
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    while any(
        int(count)
        for count in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)[
            "Attributes"
        ].values()
    ):
        assert time.monotonic() < deadline, "not all of them came in one batch"
        time.sleep(0.2)
    assert "Messages" not in sqs.receive_message(QueueUrl=dead)


def _arn(sqs: Any, url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(aws: LocalAws, cloud: Cloud, deployed: Callable[..., str]) -> Iterator[Ask]:
    """Calls an HTTP API whose routes were imported as those of the template are."""
    made = aws.client("apigatewayv2").create_api(Name="conformance", ProtocolType="HTTP")
    aws.client("apigatewayv2").create_stage(ApiId=made["ApiId"], StageName="$default")
    names = {"Api": made["ApiId"], "Echo": deployed(_ECHO), "Gate": deployed(_GATE)}
    api_id = import_http_apis(aws, Stack(_template(), names, {}))
    import_http_apis(aws, Stack(_template(), names, {}))
    connection = HTTPConnection("127.0.0.1", cloud.port, timeout=30)

    def send(method: str, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        connection.request(method, f"/_aws/execute-api/{api_id}/$default{path}", headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    yield send
    connection.close()


def _template() -> dict[str, Any]:
    open_, guarded = _operation(), _operation("User")
    paths = {
        "/devices/{serial}/session": {"post": open_},
        "/devices/{proxy+}": {"x-amazon-apigateway-any-method": open_},
        "/me": {"get": guarded},
        "$default": {"x-amazon-apigateway-any-method": open_},
    }
    authorizer = {
        "type": "request",
        "authorizerUri": _AUTHORIZER_URI,
        "authorizerResultTtlInSeconds": 2,
        "identitySource": ["$request.header.X-User-Token"],
        "authorizerPayloadFormatVersion": "2.0",
        "enableSimpleResponses": True,
    }
    schemes = {"User": {"x-amazon-apigateway-authorizer": authorizer}}
    body = {"paths": paths, "components": {"securitySchemes": schemes}}
    return {"Resources": {"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}}}}


def _operation(authorizer: str | None = None) -> dict[str, Any]:
    security = [{authorizer: []}] if authorizer else []
    return {"x-amazon-apigateway-integration": {"uri": _ROUTE_URI}, "security": security}


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/devices/a/session", "POST /devices/{serial}/session"),
        ("GET", "/devices/a/session", "ANY /devices/{proxy+}"),
        ("GET", "/devices/a", "ANY /devices/{proxy+}"),
        ("GET", "/devices", "$default"),
        ("GET", "/", "$default"),
    ],
)
def test_most_specific_route_answers_when_several_match(
    ask: Ask, method: str, path: str, route: str
) -> None:
    assert ask(method, path) == (200, {"route": route, "path": path, "identity": None})


def test_path_reaches_the_function_decoded_when_it_was_encoded(ask: Ask) -> None:
    _status, told = ask("GET", "/devices/a%20b")

    assert told["path"] == "/devices/a b"


def test_request_is_401_when_the_credential_is_missing(ask: Ask) -> None:
    assert ask("GET", "/me") == (401, {"message": "Unauthorized"})


def test_request_is_403_when_the_authorizer_denies(ask: Ask) -> None:
    assert ask("GET", "/me", **{"X-User-Token": "denied"}) == (403, {"message": "Forbidden"})


def test_request_is_500_when_the_authorizer_fails(ask: Ask) -> None:
    status, _body = ask("GET", "/me", **{"X-User-Token": "broken"})

    assert status == 500


def test_answer_of_the_authorizer_is_kept_for_its_time_and_not_prolonged_by_use(
    ask: Ask,
) -> None:
    asked_at = set()
    deadline = time.monotonic() + 20
    while len(asked_at) < 2 and time.monotonic() < deadline:
        _status, told = ask("GET", "/me", **{"X-User-Token": "demo"})
        asked_at.add(told["identity"]["asked_at"])
        time.sleep(0.2)

    first, second = sorted(asked_at)
    assert told["identity"]["user_id"] == "demo"
    assert second - first >= 2_000_000_000


@pytest.fixture
def scheduled(aws: LocalAws, deployed: Callable[..., str]) -> Stack:
    """A function with two schedules, as a stack that was read."""
    name = deployed(_SCHEDULED)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    role = f"arn:aws:iam::000000000000:role/{name}"
    events = {"MaintainSchedule": {"deep": False}, "MaintainDeepSchedule": {"broken": True}}
    for logical_id, event in events.items():
        aws.client("scheduler").create_schedule(
            Name=f"{name}-{logical_id}",
            ScheduleExpression="rate(7 days)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": role, "Input": json.dumps(event)},
        )
    kind = {"Type": "AWS::Scheduler::Schedule"}
    return Stack(
        template={"Resources": dict.fromkeys(events, kind)},
        physical_ids={each: f"{name}-{each}" for each in events},
        outputs={},
    )


def test_fire_sends_the_schedules_input_when_named_by_its_function(
    aws: LocalAws, scheduled: Stack
) -> None:
    assert fire(aws, scheduled, "Maintain") == 'Maintain done: {"seen": {"deep": false}}'


def test_fire_tells_the_error_when_the_function_fails(aws: LocalAws, scheduled: Stack) -> None:
    with pytest.raises(LocalCloudError, match="MaintainDeepSchedule failed: cannot"):
        fire(aws, scheduled, "MaintainDeepSchedule")


def test_every_schedule_is_fired_and_failures_are_said_when_catching_up(
    aws: LocalAws, scheduled: Stack
) -> None:
    said: list[str] = []

    catch_up(aws, scheduled, said.append).join(60)

    assert said == ["MaintainDeepSchedule after the crash: MaintainDeepSchedule failed: cannot"]


def test_fire_names_the_schedules_when_there_is_no_such(aws: LocalAws, scheduled: Stack) -> None:
    with pytest.raises(LocalCloudError, match="MaintainDeepSchedule, MaintainSchedule"):
        fire(aws, scheduled, "Nothing")
