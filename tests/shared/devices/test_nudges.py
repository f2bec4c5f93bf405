"""Nudges reach a connected device's own topic, and cost nothing else when they do not."""

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from shared import clock
from shared.aws import clients, publish
from shared.devices import Device, Nudges, down_topic
from shared.errors import Unavailable
from tests.kit.receiver import Receiver, running_receiver

ENDPOINT = "x.iot.example"


@dataclass
class Sender:
    """What was published where; `failure` is raised instead."""

    sent: list[tuple[str, str, bytes]] = field(default_factory=list)
    failure: Exception | None = None
    meanwhile: Callable[[], object] = lambda: None

    def __call__(self, endpoint: str, topic: str, payload: bytes) -> None:
        self.meanwhile()
        self.sent.append((endpoint, topic, payload))
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def broker() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


def device(*, calls: bool = True, ready: bool = True) -> Device:
    now_us = clock.now_us()
    return Device(serial="pi-5", reported_calls=calls, reported_ready=ready, last_seen_us=now_us)


def local(broker: Receiver) -> str:
    return f"data.iot.us-east-1.localhost:{broker.port}"


def test_connected_device_is_nudged_on_its_own_topic_when_a_job_is_sent() -> None:
    sender = Sender()

    with Nudges("yard", ENDPOINT, sender).during(device(), "high"):
        pass

    ((endpoint, topic, payload),) = sender.sent
    assert (endpoint, topic) == (ENDPOINT, down_topic("yard", "pi-5"))
    assert json.loads(payload) == {"v": 1, "k": "look", "lane": "high"}


def test_device_hears_when_to_look_when_the_message_comes_later() -> None:
    sender = Sender()

    with Nudges("yard", ENDPOINT, sender).during(device(), "normal", after_s=30):
        pass

    assert json.loads(sender.sent[0][2])["after_s"] == 30


@pytest.mark.parametrize(
    ("endpoint", "nudged"),
    [("", device()), (ENDPOINT, device(calls=False)), (ENDPOINT, device(ready=False))],
)
def test_nothing_is_sent_when_nothing_would_hear_it(endpoint: str, nudged: Device) -> None:
    sender = Sender()

    with Nudges("yard", endpoint, sender).during(nudged, "normal"):
        pass

    assert sender.sent == []


def test_failure_is_counted_and_no_nudge_tried_for_a_while_when_the_broker_is_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now, sender = [100.0], Sender(failure=Unavailable("away"))
    nudges = Nudges("yard", ENDPOINT, sender, clock=lambda: now[0])

    for moment in (100.0, 109.0, 110.0):
        now[0] = moment
        with nudges.during(device(), "normal"):
            pass

    assert len(sender.sent) == 2
    assert capsys.readouterr().out.count('"NudgesNotSent":[1.0]') == 2


def test_only_the_first_is_waited_for_when_the_broker_does_not_answer() -> None:
    answered, waited = Event(), []
    sender = Sender(meanwhile=answered.wait)
    nudges = Nudges("yard", ENDPOINT, sender, clock=lambda: waited.append(1) or 100.0)  # type: ignore[func-returns-value]

    for _ in range(3):
        with nudges.during(device(), "normal"):
            pass
    unsent = list(sender.sent)
    answered.set()

    assert unsent == []
    # Each asks the clock whether it may go, and whether to wait; the first also when it gave up.
    assert len(waited) == 7


def test_failure_of_the_queue_is_raised_when_the_nudge_went_out() -> None:
    sender = Sender()

    with pytest.raises(Unavailable), Nudges("yard", ENDPOINT, sender).during(device(), "high"):
        raise Unavailable("the queue is away")


@pytest.mark.usefixtures("aws", "keys")
def test_message_is_signed_for_the_data_plane_when_it_is_published(broker: Receiver) -> None:
    publish(local(broker), "yard/d/0a/down", b'{"k":"look"}')

    (received,) = broker.received
    assert (received.path, received.body) == ("/topics/yard%2Fd%2F0a%2Fdown", b'{"k":"look"}')
    assert "/us-east-1/iotdata/aws4_request" in received.headers["authorization"]
    assert received.headers["x-amz-security-token"]


@pytest.mark.usefixtures("aws", "keys")
def test_broker_is_unavailable_when_it_refuses_or_is_not_there(broker: Receiver) -> None:
    broker.status = 403
    with pytest.raises(Unavailable, match="403"):
        publish(local(broker), "yard/d/0a/down", b"{}")

    with pytest.raises(Unavailable, match="EndpointConnectionError"):
        publish("data.iot.us-east-1.localhost:1", "yard/d/0a/down", b"{}")


@pytest.mark.usefixtures("aws", "keys")
def test_message_is_published_when_the_open_connection_was_closed_meanwhile() -> None:
    """As one is that was open while Lambda froze the function: it ends when it is used."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:

        def serve() -> None:
            for answered in (True, False), (True,):
                with listening.accept()[0] as connection:
                    for gives in answered:
                        heard.append(connection.recv(65_536))
                        connection.sendall(answer if gives else b"")

        served = pool.submit(serve)
        endpoint = f"data.iot.us-east-1.localhost:{listening.getsockname()[1]}"
        for _ in range(2):
            publish(endpoint, "yard/d/0a/down", b"{}")
        served.result(10)

    assert len(heard) == 3


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys as a function's role has them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    # Tests share a session, which keeps the keys that it found first.
    monkeypatch.setattr(clients._session(), "_credentials", None)
