"""What the broker says of clients that left it."""

import json

import pytest

from shared.devices import device_hash, left_device

HASH = device_hash("phone")
TOPIC = "$aws/events/presence/disconnected/"
LOST = json.dumps({"disconnectReason": "CONNECTION_LOST", "clientId": "x"}).encode()


@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize("reason", ["CONNECTION_LOST", "MQTT_KEEP_ALIVE_TIMEOUT", None])
def test_device_left_when_the_broker_lost_it(name: str, reason: str | None) -> None:
    payload = json.dumps({"disconnectReason": reason}).encode()

    assert left_device("stack", f"{TOPIC}stack-d-{HASH}-{name}", payload) == HASH


@pytest.mark.parametrize("reason", ["CLIENT_INITIATED_DISCONNECT", "DUPLICATE_CLIENTID"])
def test_device_did_not_leave_when_it_said_goodbye_or_took_its_own_place(reason: str) -> None:
    payload = json.dumps({"disconnectReason": reason}).encode()

    assert left_device("stack", f"{TOPIC}stack-d-{HASH}-a", payload) is None


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (f"{TOPIC}other-d-{HASH}-a", LOST),
        (f"{TOPIC}stack-gw-0123", LOST),
        (f"{TOPIC}stack-d-{HASH}-c", LOST),
        (f"{TOPIC}stack-d-{HASH}", LOST),
        (f"stack/d/{HASH}/up/stack-gw-0123", LOST),
        (f"$aws/events/presence/connected/stack-d-{HASH}-a", LOST),
        (f"{TOPIC}stack-d-{HASH}-a", b"{"),
        (f"{TOPIC}stack-d-{HASH}-a", b"[]"),
        (f"{TOPIC}stack-d-{HASH}-a", b'{"disconnectReason": 7}'),
        (f"{TOPIC}stack-d-{HASH}-a", b'{"disconnectReason": "\xff"}'),
        (f"{TOPIC}stack-d-{HASH}-a", b'{"disconnectReason": ' + b"[" * 90_000),
    ],
)
def test_no_device_left_when_something_else_is_said(topic: str, payload: bytes) -> None:
    assert left_device("stack", topic, payload) is None
