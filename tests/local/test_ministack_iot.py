"""What the gateway relies on in the local AWS's broker: rights by role, delivery, presence."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from local.aws import REGION, LocalAws
from shared.aws import publish, topics
from shared.aws.broker_address import broker_address
from shared.aws.mqtt_link import Link, LinkLostError, LinkRefusedError
from shared.aws.roles import Credentials
from shared.devices.channel import (
    ChannelTerms,
    device_hash,
    down_topic,
    heard_topics,
    left_device,
)
from shared.errors import Unavailable

STACK = "evalyard"
ACCOUNT = "000000000000"
PREFIX = f"arn:aws:iot:{REGION}:{ACCOUNT}"


@pytest.fixture(scope="module")
def endpoint(aws: LocalAws) -> str:
    return f"data.iot.{REGION}.localhost:{aws.endpoint_url.rpartition(':')[2]}"


@pytest.fixture(scope="module")
def role(aws: LocalAws) -> str:
    """A role that may do with topics what the template lets devices do at most."""
    actions = ("Connect", "Subscribe", "Receive", "Publish")
    return made_role(aws, "iot-contract", {action: [f"{PREFIX}:*"] for action in actions})


@pytest.fixture
def device(aws: LocalAws, role: str, endpoint: str) -> Callable[[str], Any]:
    """The channel of a device, with credentials that are narrowed to it."""

    def made(serial: str) -> Any:
        terms = ChannelTerms(STACK, endpoint, REGION, PREFIX)
        policy = {"Version": "2012-10-17", "Statement": terms.statements(serial)}
        keys = aws.client("sts").assume_role(
            RoleArn=role, RoleSessionName="device", Policy=json.dumps(policy)
        )["Credentials"]
        credentials = Credentials(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], 0
        )
        return terms.channel(serial, credentials)

    return made


def made_role(aws: LocalAws, name: str, rights: dict[str, list[str]]) -> str:
    """A role with rights at the broker, by action."""
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    allowed = [
        {"Effect": "Allow", "Action": f"iot:{action}", "Resource": places}
        for action, places in rights.items()
    ]
    iam = aws.client("iam")
    document = {"Version": "2012-10-17", "Statement": [trust]}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    policy = {"Version": "2012-10-17", "Statement": allowed}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    return str(made["Role"]["Arn"])


def assumed(aws: LocalAws, name: str, rights: dict[str, list[str]]) -> Credentials:
    """Credentials of a role with these rights."""
    role = made_role(aws, name, rights)
    keys = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return Credentials(*(keys[each] for each in names), 0)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


def root_address(endpoint: str) -> str:
    return broker_address(endpoint, REGION, Credentials("test", "test", "", 0))


def gateway_address(aws: LocalAws, endpoint: str) -> str:
    """Of a process with the rights that the template gives the gateway."""
    events = "$aws/events/presence/disconnected"
    rights = {
        "Connect": f"client/{STACK}-gw-*",
        "Subscribe": [f"topicfilter/{STACK}/d/+/up/*", f"topicfilter/{events}/+"],
        "Receive": [f"topic/{STACK}/d/*/up/*", f"topic/{events}/{STACK}-d-*"],
    }
    arns = {
        action: [f"{PREFIX}:{each}" for each in ([places] if isinstance(places, str) else places)]
        for action, places in rights.items()
    }
    keys = assumed(aws, "iot-gateway", arns)
    return broker_address(endpoint, REGION, keys)


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_ask_and_answer_cross_when_device_and_gateway_are_connected(
    endpoint: str, device: Callable[[str], Any]
) -> None:
    async def test() -> None:
        channel, down, up = device("dev-1"), [], []
        reached = await Link.open(
            channel.url, channel.client_ids[0], [channel.down], lambda *said: down.append(said)
        )
        gateway = await Link.open(
            root_address(endpoint),
            "gw-1",
            heard_topics(STACK, "gw-1"),
            lambda *said: up.append(said),
        )

        await gateway.publish(down_topic(STACK, "dev-1"), b"ask" * 30_000)
        await until(lambda: down)
        await reached.publish(f"{channel.up}gw-1", b"answer")
        await reached.publish(f"{channel.up}gw-2", b"for another")
        await until(lambda: up)
        assert await gateway.answers(5)

        assert down == [(channel.down, b"ask" * 30_000)]
        assert up == [(f"{STACK}/d/{device_hash('dev-1')}/up/gw-1", b"answer")]
        await reached.close()
        await gateway.close()

    run(test())


@pytest.mark.parametrize("what", ["name", "topic"])
def test_device_is_refused_when_it_pretends_to_be_another(
    device: Callable[[str], Any], what: str
) -> None:
    async def test() -> None:
        own, other = device("dev-1"), device("dev-2")
        name = other.client_ids[0] if what == "name" else own.client_ids[0]
        topic = other.down if what == "topic" else own.down

        with pytest.raises(LinkRefusedError):
            await Link.open(own.url, name, [topic], lambda *_: None)

    run(test())


def test_device_is_disconnected_when_it_writes_on_anothers_topic(
    endpoint: str, device: Callable[[str], Any]
) -> None:
    async def test() -> None:
        own, other, up = device("dev-1"), device("dev-2"), []
        gateway = await Link.open(
            root_address(endpoint), "gw", heard_topics(STACK, "gw"), lambda *said: up.append(said)
        )
        link = await Link.open(own.url, own.client_ids[0], [own.down], lambda *_: None)

        await link.publish(f"{other.up}gw", b"forged")
        await link.until_lost()

        # What the broker itself says of the device is not what the device wrote.
        assert b"forged" not in [payload for _, payload in up]
        await gateway.close()

    run(test())


def test_gateway_hears_why_devices_left_when_their_connections_end(
    aws: LocalAws, endpoint: str, device: Callable[[str], Any]
) -> None:
    """Of devices of its own stack only, as its role may receive nothing else."""

    async def test() -> None:
        heard: list[tuple[str, bytes]] = []
        gateway = await Link.open(
            gateway_address(aws, endpoint),
            f"{STACK}-gw-1",
            heard_topics(STACK, f"{STACK}-gw-1"),
            lambda *said: heard.append(said),
        )
        channel = device("dev-1")
        for name in channel.client_ids:
            link = await Link.open(channel.url, name, [channel.down], lambda *_: None)
            if name.endswith("a"):
                await link.close()
            else:
                link._socket.transport.abort()
        stranger = await Link.open(root_address(endpoint), "other-d-0-a", ["x"], lambda *_: None)
        stranger._socket.transport.abort()
        await until(lambda: len(heard) == 2)
        assert await gateway.answers(5)

        left = {left_device(STACK, *said) for said in heard}
        assert left == {None, device_hash("dev-1")}
        assert {topic.rpartition("/")[2] for topic, _ in heard} == set(channel.client_ids)
        await gateway.close()

    run(test())


def test_address_is_refused_when_it_was_tampered_with(device: Callable[[str], Any]) -> None:
    async def test() -> None:
        own = device("dev-1")
        address = own.url.replace("X-Amz-Signature=", "X-Amz-Signature=0")

        with pytest.raises(LinkLostError):
            await Link.open(address, own.client_ids[0], [own.down], lambda *_: None)

    run(test())


def test_second_connection_takes_the_place_of_the_first_when_both_have_one_name(
    endpoint: str,
) -> None:
    async def test() -> None:
        first = await Link.open(root_address(endpoint), "one", ["a"], lambda *_: None)
        second = await Link.open(root_address(endpoint), "one", ["a"], lambda *_: None)

        await first.until_lost()

        assert await second.answers(5)
        await second.close()

    run(test())


@pytest.mark.parametrize("may", [True, False])
def test_word_by_https_reaches_a_device_when_the_role_may_publish(
    may: bool,
    aws: LocalAws,
    role: str,
    endpoint: str,
    device: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the functions nudge a device that holds a connection."""
    topic = f"{PREFIX}:topic/{STACK}/d/*/{'down' if may else 'up'}"
    statement = {"Effect": "Allow", "Action": "iot:Publish", "Resource": topic}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    keys = aws.client("sts").assume_role(
        RoleArn=role, RoleSessionName="jobs", Policy=json.dumps(policy)
    )["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], 0)
    monkeypatch.setattr(topics, "own_credentials", lambda: credentials)
    # What is busy here is the machine.
    monkeypatch.setattr(topics, "_TIMEOUT_S", (20, 20))
    topics._session.cache_clear()
    monkeypatch.setenv("AWS_REGION", REGION)
    word = b'{"v":1,"k":"look","lane":"normal"}'

    async def test() -> None:
        channel, down = device("dev-1"), []
        link = await Link.open(
            channel.url, channel.client_ids[0], [channel.down], lambda _, said: down.append(said)
        )
        work = asyncio.to_thread(publish, endpoint, channel.down, word)
        if may:
            await work
            await until(lambda: down)
        else:
            with pytest.raises(Unavailable, match="403"):
                await work
        assert down == ([word] if may else [])
        await link.close()

    run(test())
