"""A process's connection to the broker: what it hears on, and what it does without."""

import asyncio

import pytest

from shared.aws.broker import Broker
from shared.errors import Unavailable
from tests.kit.broker import LocalBroker
from tests.kit.loops import finish


@pytest.mark.parametrize(
    ("forbidden", "heard"), [(None, ["own/gw", "events/x"]), ("events/", ["own/gw"])]
)
def test_connection_does_without_a_topic_that_its_role_may_not_hear_on(
    settings_env: dict[str, str], forbidden: str | None, heard: list[str]
) -> None:
    async def talk() -> list[str]:
        came: list[str] = []
        async with LocalBroker(forbidden=forbidden) as local:
            broker = Broker(
                local.endpoint,
                "us-east-1",
                "gw-",
                lambda _: ["own/gw", "events/+"],
                lambda topic, _: came.append(topic),
            )
            for topic in ("own/gw", "events/x", "elsewhere"):
                await broker.publish(topic, b"{}")
            while len(came) < len(heard):
                await asyncio.sleep(0.002)
            await broker.ready()
            await broker.close()
        return came

    assert finish(talk()) == heard


def test_connection_is_unavailable_when_its_role_may_not_hear_at_all(
    settings_env: dict[str, str],
) -> None:
    async def talk() -> None:
        async with LocalBroker(forbidden="own/") as local:
            broker = Broker(
                local.endpoint, "us-east-1", "gw-", lambda _: ["own/gw"], lambda *_: None
            )
            with pytest.raises(Unavailable):
                await broker.ready()

    finish(talk())
