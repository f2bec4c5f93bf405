"""The packets of MQTT 3.1.1 that a client sends and gets
(https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/); no I/O.

The service and the runner each have this file, word for word: they are installed apart from one
another. A test holds the two together.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

PING: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"
# What AWS IoT takes at most, https://docs.aws.amazon.com/general/latest/gr/iot-core.html.
MAX_PAYLOAD_BYTES: Final = 128 * 1024

_CLEAN_SESSION: Final = 0x02
_AT_LEAST_ONCE: Final = 0x02
_MOST_LENGTH_BYTES: Final = 4


class BrokenPacketError(ValueError):
    """What came is no packet of a server."""


@dataclass(frozen=True)
class Connack:
    """The answer to CONNECT; 0 is yes."""

    code: int


@dataclass(frozen=True)
class Suback:
    """The answer to SUBSCRIBE; a code of 0x80 is no."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True)
class Published:
    """A message on a topic; with an id it wants an acknowledgement."""

    topic: str
    payload: bytes
    packet_id: int | None = None


@dataclass(frozen=True)
class Acknowledged:
    """The server has a message, or is alive (no id)."""

    packet_id: int | None = None


Packet: TypeAlias = Connack | Suback | Published | Acknowledged


def connect(client_id: str, keep_alive_s: int) -> bytes:
    """CONNECT with a clean session."""
    flags = bytes((4, _CLEAN_SESSION)) + keep_alive_s.to_bytes(2)
    return _packet(0x10, _text("MQTT") + flags + _text(client_id))


def subscribe(packet_id: int, *filters: str) -> bytes:
    """SUBSCRIBE at most once (QoS 0) to each of the filters."""
    wanted = b"".join(_text(each) + b"\x00" for each in filters)
    return _packet(0x82, packet_id.to_bytes(2) + wanted)


def publish(topic: str, payload: bytes, packet_id: int | None = None) -> bytes:
    """PUBLISH, with an id at least once (QoS 1). Raises ValueError for what is too large."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a message may have {MAX_PAYLOAD_BYTES} bytes")
    if packet_id is None:
        return _packet(0x30, _text(topic) + payload)
    return _packet(0x30 | _AT_LEAST_ONCE, _text(topic) + packet_id.to_bytes(2) + payload)


def puback(packet_id: int) -> bytes:
    """PUBACK: this side has the message."""
    return _packet(0x40, packet_id.to_bytes(2))


class Packets:
    """Makes packets of a server's bytes, however they are cut."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that these bytes complete. Raises BrokenPacketError."""
        self._held += data
        found = []
        while (cut := _cut(self._held)) is not None:
            first, body, end = cut
            del self._held[:end]
            found.append(_read(first, body))
        return found


def _read(first: int, body: bytes) -> Packet:
    try:
        match first >> 4:
            case 2:
                return Connack(body[1])
            case 3:
                return _read_message(first, body)
            case 4:
                return Acknowledged(_number(body, 0))
            case 9:
                return Suback(_number(body, 0), tuple(body[2:]))
            case 13:
                return Acknowledged()
    except (IndexError, UnicodeDecodeError) as exc:
        raise BrokenPacketError(f"a packet is cut short: {first:#x}") from exc
    raise BrokenPacketError(f"no packet of a server: {first:#x}")


def _read_message(first: int, body: bytes) -> Published:
    end = 2 + int.from_bytes(body[:2])
    topic = body[2:end].decode()
    if len(body) < end:
        raise IndexError(end)
    if not first & 0x06:
        return Published(topic, body[end:])
    return Published(topic, body[end + 2 :], _number(body, end))


def _number(body: bytes, start: int) -> int:
    return (body[start] << 8) | body[start + 1]


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + _length(len(body)) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2) + encoded


def _length(size: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    found = bytearray()
    while True:
        size, low = divmod(size, 128)
        found.append(low | (0x80 if size else 0))
        if not size:
            return bytes(found)


def _cut(held: bytearray) -> tuple[int, bytes, int] | None:
    """The first packet's type, its body and its end; None while it is not there whole."""
    size, place = 0, 1
    while place < len(held):
        byte = held[place]
        size |= (byte & 0x7F) << (7 * (place - 1))
        place += 1
        if byte < 0x80:
            whole = len(held) >= place + size
            return (held[0], bytes(held[place : place + size]), place + size) if whole else None
        if place > _MOST_LENGTH_BYTES:
            raise BrokenPacketError("the length of a packet has at most four bytes")
    return None
