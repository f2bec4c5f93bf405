"""What was answered is there when MiniStack was killed, with no time to save anything."""

import io
import json
import os
import random
import signal
import threading
import time
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local import processes
from local.aws import LocalAws
from local.cloud import Cloud, environment, keep, start_cloud
from local.errors import LocalCloudError
from local.home import ROOT, Home
from local.ports import remembered_port
from tests.kit.effort import NIGHTLY

ROOT_KEYS = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "us-east-1",
}

TABLE = {
    "TableName": "kept",
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "by", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-owner",
            "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


class Killable:
    """A MiniStack with a home of its own."""

    def __init__(self, home: Home) -> None:
        self.home = home
        home.prepare()
        self.cloud: Cloud = start_cloud(home)
        self.cloud.wait_until_ready()

    def client(self, service: str) -> Any:
        return self.cloud.aws.client(service)

    def kill(self) -> None:
        self.cloud.child.process.kill()
        self.cloud.child.process.wait()
        self.cloud.child.stop()

    def start(self) -> None:
        self.cloud = start_cloud(self.home)
        self.cloud.wait_until_ready()

    def kill_and_start(self) -> None:
        self.kill()
        self.start()


@pytest.fixture
def ministack(tmp_path: Path) -> Iterator[Killable]:
    running = Killable(Home(tmp_path))
    yield running
    running.cloud.stop()
    running.home.empty_scratch()


@pytest.fixture
def table(ministack: Killable) -> str:
    """A table that the snapshot knows, as after a deployment."""
    ministack.client("dynamodb").create_table(**TABLE)
    keep(ministack.cloud.aws)
    return "kept"


def item(pk: str, sk: int, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}, **more}


def items(ministack: Killable, table: str = "kept") -> list[tuple[str, int]]:
    pages = ministack.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    rows = [row for page in pages for row in page["Items"]]
    return sorted((row["pk"]["S"], int(row["sk"]["N"])) for row in rows)


def until(ask: Callable[[], Any]) -> Any:
    """The first truthy answer within 30 s."""
    deadline = time.monotonic() + 30
    while not (found := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def bodies(ministack: Killable, url: str) -> list[str]:
    """All that is visible, left there for a moment only."""
    found: list[str] = []
    while True:
        answer = ministack.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60
        )
        if "Messages" not in answer:
            return sorted(found)
        found += [message["Body"] for message in answer["Messages"]]


def test_items_are_as_they_were_written_last_when_it_was_killed(
    ministack: Killable, table: str
) -> None:
    dynamodb = ministack.client("dynamodb")
    dynamodb.put_item(TableName=table, Item=item("a", 1, b={"B": b"\xff\x00"}, by={"S": "x"}))
    dynamodb.put_item(TableName=table, Item=item("a", 2))
    dynamodb.delete_item(TableName=table, Key=item("a", 2))
    dynamodb.update_item(
        TableName=table,
        Key=item("a", 1),
        UpdateExpression="SET n = :n ADD s :s",
        ExpressionAttributeValues={":n": {"N": "1.50"}, ":s": {"SS": ["u", "v"]}},
    )
    dynamodb.batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": item("b", n)}} for n in range(25)]}
    )

    ministack.kill_and_start()

    again = ministack.client("dynamodb")
    stored = again.get_item(TableName=table, Key=item("a", 1))["Item"]
    by = again.query(
        TableName=table,
        IndexName="by-owner",
        KeyConditionExpression="#by = :x",
        ExpressionAttributeNames={"#by": "by"},
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert items(ministack) == [("a", 1), *(("b", n) for n in range(25))]
    assert stored["b"]["B"] == b"\xff\x00"
    assert stored["n"] == {"N": "1.5"}
    assert sorted(stored["s"]["SS"]) == ["u", "v"]
    assert by["Items"] == [stored]


def test_transaction_is_there_whole_and_a_refused_one_not_at_all(
    ministack: Killable, table: str
) -> None:
    dynamodb = ministack.client("dynamodb")
    dynamodb.put_item(TableName=table, Item=item("old", 1))
    new = [{"Put": {"TableName": table, "Item": item("new", n)}} for n in range(3)]
    gone = {"Delete": {"TableName": table, "Key": item("old", 1)}}
    dynamodb.transact_write_items(TransactItems=[gone, *new])
    with suppress(ClientError):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": item("refused", 1)}},
                {
                    "ConditionCheck": {
                        "TableName": table,
                        "Key": item("absent", 1),
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )

    ministack.kill_and_start()

    assert items(ministack) == [("new", 0), ("new", 1), ("new", 2)]


def test_what_comes_after_a_crash_survives_the_next_one(ministack: Killable, table: str) -> None:
    for n in range(3):
        ministack.client("dynamodb").put_item(TableName=table, Item=item("a", n))
        ministack.kill_and_start()
    # Killed or stopped before it was ready, too: what is being recovered is not harmed.
    ministack.kill()
    for number, after_s in ((signal.SIGKILL, 0.2), (signal.SIGTERM, 1.0), (signal.SIGKILL, 1.5)):
        again = start_cloud(ministack.home)
        time.sleep(after_s)
        again.child.process.send_signal(number)
        again.child.process.wait()
        again.child.stop()

    ministack.start()

    assert items(ministack) == [("a", 0), ("a", 1), ("a", 2)]


def test_messages_wait_and_stay_deleted_when_it_was_killed(ministack: Killable) -> None:
    sqs = ministack.client("sqs")
    attributes = {"VisibilityTimeout": "120", "MessageRetentionPeriod": "1209600"}
    url = sqs.create_queue(QueueName="made-by-the-product", Attributes=attributes)["QueueUrl"]
    gone = sqs.create_queue(QueueName="gone")["QueueUrl"]
    for n in range(4):
        sqs.send_message(QueueUrl=url, MessageBody=f"m{n}", MessageGroupId="user")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    sqs.delete_queue(QueueUrl=gone)

    ministack.kill_and_start()

    again = ministack.client("sqs")
    waiting = bodies(ministack, url)
    # The receipt still stands: its message is in flight and can be deleted.
    again.delete_message(QueueUrl=url, ReceiptHandle=received[1]["ReceiptHandle"])
    counts = again.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert waiting == ["m2", "m3"]
    assert counts["MessageRetentionPeriod"] == "1209600"
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "2"
    assert again.list_queues()["QueueUrls"] == [url]


def test_dead_letters_and_purged_queues_stay_so_when_it_was_killed(ministack: Killable) -> None:
    sqs = ministack.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    redrive = json.dumps({"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 1})
    attributes = {"RedrivePolicy": redrive, "VisibilityTimeout": "0"}
    url = sqs.create_queue(QueueName="work", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        sqs.receive_message(QueueUrl=url)
    purged = sqs.create_queue(QueueName="purged")["QueueUrl"]
    sqs.send_message(QueueUrl=purged, MessageBody="unwanted")
    sqs.purge_queue(QueueUrl=purged)

    ministack.kill_and_start()

    assert bodies(ministack, url) == []
    assert bodies(ministack, purged) == []
    assert bodies(ministack, dead) == ["poison"]


def test_objects_and_their_versions_are_there_when_it_was_killed(ministack: Killable) -> None:
    s3 = ministack.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    keep(ministack.cloud.aws)
    first = s3.put_object(Bucket="kept", Key="k", Body=b"one", Metadata={"rows": "1"})["VersionId"]
    second = s3.put_object(Bucket="kept", Key="k", Body=b"two")["VersionId"]
    s3.put_object(Bucket="kept", Key="hidden", Body=b"three")
    s3.delete_object(Bucket="kept", Key="hidden")

    ministack.kill_and_start()

    again = ministack.client("s3")
    one = again.get_object(Bucket="kept", Key="k", VersionId=first)
    assert (one["Body"].read(), one["Metadata"]) == (b"one", {"rows": "1"})
    two = again.get_object(Bucket="kept", Key="k")
    assert (two["Body"].read(), two["VersionId"]) == (b"two", second)
    third = again.put_object(Bucket="kept", Key="k", Body=b"three")["VersionId"]
    assert len({first, second, third}) == 3
    with pytest.raises(ClientError, match="404"):
        again.head_object(Bucket="kept", Key="hidden")


def test_committed_version_keeps_its_bytes_when_an_overwrite_was_killed_half_way(
    ministack: Killable,
) -> None:
    s3 = ministack.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    keep(ministack.cloud.aws)
    committed = s3.put_object(Bucket="kept", Key="d/k", Body=b"committed")["VersionId"]
    before = {path: path.read_bytes() for path in _files(ministack.home.objects)}
    s3.put_object(Bucket="kept", Key="d/k", Body=b"unanswered")
    ministack.kill()
    # The bytes were replaced and what describes them not yet: the description is put back.
    for path, content in before.items():
        if path.name.endswith(".meta.json"):
            path.write_bytes(content)
            earlier = path.with_name("k").stat().st_mtime - 1
            os.utime(path, (earlier, earlier))

    ministack.start()

    again = ministack.client("s3")
    found = again.get_object(Bucket="kept", Key="d/k")
    by_version = again.get_object(Bucket="kept", Key="d/k", VersionId=committed)
    assert (found["Body"].read(), found["VersionId"]) == (b"committed", committed)
    assert by_version["Body"].read() == b"committed"


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_object_that_was_never_answered_is_gone_when_it_was_killed(ministack: Killable) -> None:
    s3 = ministack.client("s3")
    s3.create_bucket(Bucket="kept")
    keep(ministack.cloud.aws)
    s3.put_object(Bucket="kept", Key="whole", Body=b"x")
    ministack.kill()
    folder = next(p for p in ministack.home.objects.rglob("whole")).parent
    (folder / "half").write_bytes(b"half an obj")
    (folder / "half.tmp").write_bytes(b"half")

    ministack.start()

    listed = ministack.client("s3").list_objects_v2(Bucket="kept")["Contents"]
    assert [row["Key"] for row in listed] == ["whole"]
    assert not (folder / "half.tmp").exists()


def deploy_all_sorts(ministack: Killable) -> str:
    """Roles, a function with a layer, a bucket that notifies a queue; the queue's URL."""
    iam, functions = ministack.client("iam"), ministack.client("lambda")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    trust["Action"] = "sts:AssumeRole"
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="kept", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    layer = functions.publish_layer_version(
        LayerName="kept",
        Content={"ZipFile": _archive("python/large.py", "WORD = 'kept'\n" + "#" * 200_000)},
    )["LayerVersionArn"]
    functions.create_function(
        FunctionName="kept",
        Runtime="python3.13",
        Role=role,
        Handler="code.handler",
        Code={"ZipFile": _archive("code.py", "import large\ndef handler(e, c): return large.WORD")},
        Layers=[layer],
    )
    url: str = ministack.client("sqs").create_queue(QueueName="events")["QueueUrl"]
    policy = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    ministack.client("sqs").set_queue_attributes(
        QueueUrl=url,
        Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [policy]})},
    )
    s3 = ministack.client("s3")
    s3.create_bucket(Bucket="noisy")
    to = {"QueueArn": "arn:aws:sqs:us-east-1:000000000000:events", "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="noisy", NotificationConfiguration={"QueueConfigurations": [to]}
    )
    return url


def _archive(name: str, content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr(name, content)
    return buffer.getvalue()


def test_stack_works_again_when_it_was_killed_after_it_was_kept(ministack: Killable) -> None:
    url = deploy_all_sorts(ministack)
    keep(ministack.cloud.aws)
    bodies(ministack, url)

    ministack.kill_and_start()

    answered = ministack.client("lambda").invoke(FunctionName="kept")["Payload"].read()
    ministack.client("s3").put_object(Bucket="noisy", Key="k", Body=b"x")
    queued = until(lambda: bodies(ministack, url))
    assert json.loads(answered) == "kept"
    assert json.loads(queued[0])["Records"][0]["s3"]["object"]["key"] == "k"


def test_stack_is_saved_by_itself_when_nothing_changes_for_a_moment(ministack: Killable) -> None:
    generation = ministack.home.state / "generation"
    ministack.client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument="{}")
    until(generation.exists)

    ministack.kill_and_start()

    roles = ministack.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles] == ["kept"]


def stack_of(name: str) -> str:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [TABLE["KeySchema"][0]],  # type: ignore[index]
            "AttributeDefinitions": [TABLE["AttributeDefinitions"][0]],  # type: ignore[index]
        },
    }
    wait = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    return json.dumps({"Resources": {"Queue": queue, "Table": table, "Wait": wait}})


def test_deployment_can_be_made_again_with_its_data_when_it_was_killed_half_way(
    ministack: Killable,
) -> None:
    keep(ministack.cloud.aws)
    body = json.loads(stack_of("half-way"))
    body["Resources"]["Never"] = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "DependsOn": ["Queue", "Table"],
        "Properties": {"Handle": {"Ref": "Wait"}, "Timeout": "600", "Count": 1},
    }
    ministack.client("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(body))
    until(lambda: _made(ministack))
    with pytest.raises(LocalCloudError, match="could not be saved"):
        keep(ministack.cloud.aws)
    url = ministack.client("sqs").get_queue_url(QueueName="half-way")["QueueUrl"]
    ministack.client("sqs").send_message(QueueUrl=url, MessageBody="accepted meanwhile")
    ministack.client("dynamodb").put_item(TableName="half-way", Item={"pk": {"S": "accepted"}})

    ministack.kill_and_start()
    again = ministack.client("cloudformation")
    stacks_before = again.list_stacks()["StackSummaries"]
    again.create_stack(StackName="s", TemplateBody=stack_of("half-way"))
    again.get_waiter("stack_create_complete").wait(
        StackName="s", WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )

    stored = ministack.client("dynamodb").scan(TableName="half-way")["Items"]
    assert stacks_before == []
    assert bodies(ministack, url) == ["accepted meanwhile"]
    assert stored == [{"pk": {"S": "accepted"}}]


def _made(ministack: Killable) -> bool:
    tables = ministack.client("dynamodb").list_tables()["TableNames"]
    queues = ministack.client("sqs").list_queues().get("QueueUrls", [])
    return "half-way" in tables and any(url.endswith("/half-way") for url in queues)


class Noted:
    """What was answered while writers were at work, with versions of objects."""

    def __init__(self) -> None:
        self.items: dict[str, int] = {}
        self.pairs: set[str] = set()
        self.messages: set[str] = set()
        self.versions: dict[str, tuple[str, bytes]] = {}


def write_all_sorts(running: Killable, url: str, noted: Noted, over: threading.Event) -> None:
    """Counts an item up, writes pairs in transactions, sends messages, overwrites an object."""
    config = Config(retries={"max_attempts": 0}, read_timeout=10)
    dynamodb, sqs, s3 = (
        boto3.client(name, endpoint_url=running.cloud.aws.endpoint_url, config=config, **ROOT_KEYS)
        for name in ("dynamodb", "sqs", "s3")
    )
    me = uuid.uuid4().hex[:6]
    with suppress(BotoCoreError, ClientError):
        while not over.is_set():
            name = uuid.uuid4().hex
            counted = dynamodb.update_item(
                TableName="kept",
                Key=item(me, 0),
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
                ReturnValues="ALL_NEW",
            )
            noted.items[me] = int(counted["Attributes"]["n"]["N"])
            dynamodb.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": "kept", "Item": item(name, side)}} for side in (1, 2)
                ]
            )
            noted.pairs.add(name)
            sqs.send_message(QueueUrl=url, MessageBody=name)
            noted.messages.add(name)
            body = name.encode() * 50
            version = s3.put_object(Bucket="kept", Key=f"o/{me}", Body=body)["VersionId"]
            noted.versions[version] = (f"o/{me}", body)


@pytest.mark.timeout(1800)
def test_all_that_was_answered_is_there_when_it_was_killed_at_random_moments(
    ministack: Killable, table: str
) -> None:
    s3 = ministack.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    url = ministack.client("sqs").create_queue(QueueName="kept")["QueueUrl"]
    keep(ministack.cloud.aws)
    noted, moments = Noted(), random.Random(11)

    for _ in range(30 if NIGHTLY else 4):
        over = threading.Event()
        with ThreadPoolExecutor(4) as pool:
            for _ in range(4):
                pool.submit(write_all_sorts, ministack, url, noted, over)
            time.sleep(moments.uniform(0.3, 2.5))
            ministack.kill()
            over.set()
        ministack.start()

    pages = ministack.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    rows = [row for page in pages for row in page["Items"]]
    counts = {row["pk"]["S"]: int(row["n"]["N"]) for row in rows if "n" in row}
    sides = Counter(row["pk"]["S"] for row in rows if "n" not in row)
    # What was under way when it was killed may have come true.
    assert {who: counts[who] - n for who, n in noted.items.items() if counts[who] - n > 1} == {}
    assert all(counts[who] >= n for who, n in noted.items.items())
    assert set(sides.values()) == {2}
    assert noted.pairs <= set(sides)
    assert noted.messages <= set(bodies(ministack, url))
    for version, (key, body) in noted.versions.items():
        found = ministack.client("s3").get_object(Bucket="kept", Key=key, VersionId=version)
        assert found["Body"].read() == body


def test_long_journal_becomes_a_checkpoint_while_it_runs(ministack: Killable, table: str) -> None:
    dynamodb = ministack.client("dynamodb")
    large = {"S": "x" * 350_000}
    journal = ministack.home.state / "journal"

    for n in range(60):
        dynamodb.put_item(TableName=table, Item=item("a", n % 3, v=large))
    # What came before goes after the new base is there.
    until(lambda: not any(journal.glob("00000001.*")))
    sizes = [path.stat().st_size for path in journal.iterdir()]
    ministack.kill_and_start()

    assert sum(sizes) < 16 * 1024**2
    assert items(ministack) == [("a", 0), ("a", 1), ("a", 2)]


def test_second_one_is_refused_when_the_state_is_in_use(ministack: Killable) -> None:
    second = start_cloud(ministack.home)

    with pytest.raises(LocalCloudError, match=r"in use by process \d+"):
        second.wait_until_ready()

    assert ministack.client("sqs").list_queues() is not None
    second.stop()


def test_it_ends_and_loses_nothing_when_what_started_it_is_gone(
    ministack: Killable, table: str
) -> None:
    ministack.client("dynamodb").put_item(TableName=table, Item=item("a", 1))
    assert ministack.cloud.child.process.stdin is not None
    ministack.cloud.child.process.stdin.close()

    ended = ministack.cloud.child.process.wait(30)
    stopped_cleanly = not ministack.home.was_killed
    ministack.start()

    assert ended == 0
    assert stopped_cleanly
    assert items(ministack) == [("a", 1)]


def test_home_of_an_older_version_is_taken_over_when_it_was_stopped(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    child, aws = start_plain(home)
    try:
        aws.client("dynamodb").create_table(**TABLE)
        aws.client("dynamodb").put_item(TableName="kept", Item=item("a", 1))
        url = aws.client("sqs").create_queue(QueueName="kept")["QueueUrl"]
        aws.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    finally:
        child.stop()

    running = Killable(home)
    running.client("dynamodb").put_item(TableName="kept", Item=item("a", 2))
    running.kill_and_start()

    try:
        assert items(running) == [("a", 1), ("a", 2)]
        assert bodies(running, url) == ["m"]
        assert not list(home.state.glob("*.json"))
    finally:
        running.cloud.stop()
        home.empty_scratch()


def start_plain(home: Home) -> tuple[processes.Child, LocalAws]:
    """MiniStack itself, as an older version of the local cloud started it."""
    port = remembered_port(home.ministack_port)
    command = [str(ROOT / ".venv-cloud/bin/ministack")]
    child = processes.start("ministack", command, environment(home, port), home.log("ministack"))
    aws = LocalAws(f"http://127.0.0.1:{port}")
    until(partial(_answers, aws))
    return child, aws


def _answers(aws: LocalAws) -> bool:
    with suppress(BotoCoreError):
        return bool(aws.client("sqs").list_queues())
    return False
