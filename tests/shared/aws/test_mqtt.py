"""MQTT's packets, as a server writes them and as it reads ours."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.aws import mqtt
from tools.template import ROOT

TOPICS = st.text(min_size=1, max_size=40)
IDS = st.integers(1, 65_535)
MESSAGES = st.builds(mqtt.Published, TOPICS, st.binary(max_size=300), st.none() | IDS)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """The same bytes in pieces of these sizes, and the rest."""
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [*pieces, data]


@given(st.lists(MESSAGES, max_size=5), st.lists(st.integers(0, 50), max_size=20))
def test_messages_come_as_they_were_sent_when_their_bytes_are_cut_anywhere(
    messages: list[mqtt.Published], sizes: list[int]
) -> None:
    sent = b"".join(mqtt.publish(each.topic, each.payload, each.packet_id) for each in messages)
    packets = mqtt.Packets()

    heard = [packet for piece in cut(sent, sizes) for packet in packets.feed(piece)]

    assert heard == messages


@pytest.mark.parametrize("size", [0, 120, 127, 128, 16_000, 100_000, mqtt.MAX_PAYLOAD_BYTES])
def test_length_is_read_when_it_takes_one_to_three_bytes(size: int) -> None:
    payload = b"x" * size

    (message,) = mqtt.Packets().feed(mqtt.publish("a/b", payload))

    assert message == mqtt.Published("a/b", payload)


def test_message_is_refused_when_the_broker_would_not_take_it() -> None:
    with pytest.raises(ValueError, match="131072"):
        mqtt.publish("a", b"x" * (mqtt.MAX_PAYLOAD_BYTES + 1))


@pytest.mark.parametrize(
    ("sent", "packet"),
    [
        (b"\x20\x02\x00\x00", mqtt.Connack(0)),
        (b"\x20\x02\x01\x05", mqtt.Connack(5)),
        (b"\x90\x04\x00\x07\x00\x80", mqtt.Suback(7, (0, 0x80))),
        (b"\x40\x02\x01\x02", mqtt.Acknowledged(258)),
        (b"\xd0\x00", mqtt.Acknowledged()),
    ],
)
def test_answer_of_a_server_is_read_when_it_comes(sent: bytes, packet: mqtt.Packet) -> None:
    assert mqtt.Packets().feed(sent) == [packet]


@given(st.binary(max_size=60))
def test_bytes_are_packets_or_broken_whatever_they_are(data: bytes) -> None:
    try:
        mqtt.Packets().feed(data)
    except mqtt.BrokenPacketError:
        return


def test_connect_says_version_session_and_name_when_it_is_written() -> None:
    assert mqtt.connect("me", 30) == b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x1e\x00\x02me"


def test_subscribe_names_each_filter_when_it_is_written() -> None:
    assert mqtt.subscribe(1, "a/+", "b") == b"\x82\x0c\x00\x01\x00\x03a/+\x00\x00\x01b\x00"


@pytest.mark.parametrize("name", ["mqtt.py", "mqtt_link.py"])
def test_service_and_runner_have_one_text_when_they_speak_to_the_broker(name: str) -> None:
    service = Path(ROOT / "shared" / "aws" / name).read_text()
    runner = Path(ROOT / "runner" / "evalyard_runner" / name).read_text()

    assert service.replace("shared.aws", "evalyard_runner") == runner
