"""One POST to a checked target: to its addresses, as its host, without redirects, within 10 s."""

import http.client
import io
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shared.callbacks.addresses import Target

LIMIT_S = 10.0
_CONNECT_S = 3.0
_MAX_ADDRESSES = 4
_MAX_ANSWER_BYTES = 65_536


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or the reason why there is none; what the receiver asks for."""

    status: int | None
    error: str | None
    retry_after: str | None = None


class ExchangeDeadline:
    """By when a whole exchange must be over, by a clock that is never set."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._start = time.monotonic()
        self._limit_s = limit_s

    @property
    def passed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    @property
    def left_s(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self._limit_s - self.passed_s
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        return left


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to the target's addresses, with its name only in TLS and the Host header."""

    def __init__(self, target: Target, deadline: ExchangeDeadline) -> None:
        super().__init__(target.host, target.port)
        self._target = target
        self._deadline = deadline
        # `http.client` forgets `sock` once a response says that it is the last one.
        self.wire: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the first address that answers, never by name."""
        connected = _connected(self._target, self._deadline)
        self.sock = self.wire = connected
        connected.settimeout(self._deadline.left_s)
        if self._target.scheme == "https":
            # Certificate and name are checked; an address has no name to send (RFC 6066).
            context = ssl.create_default_context()
            self.wire = context.wrap_socket(connected, server_hostname=self._target.host)
            self.wire.settimeout(self._deadline.left_s)
            self.sock = self.wire


class _BriefResponse(http.client.HTTPResponse):
    """A response of which no more than 64 KB is read, its head included; then it ends."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Capped(self.fp.detach()))

    def begin(self) -> None:
        """Read heads up to one that is no interim answer (RFC 9110, 15.2): proxies send 102 and
        103 before it, of which `http.client` skips 100 only.
        """
        super().begin()
        while 101 < self.status < 200:
            self.headers = None  # type: ignore[assignment]  # So that it reads another head.
            super().begin()


class _Capped(io.RawIOBase):
    """A stream that ends after the most bytes that an answer may have."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._left = _MAX_ANSWER_BYTES

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read some, never more than is left."""
        got: int | None = self._raw.readinto(memoryview(buffer)[: self._left])
        self._left -= got or 0
        return got

    def close(self) -> None:
        """Close what is below, too."""
        self._raw.close()
        super().close()


def post(
    target: Target, body: bytes, headers: dict[str, str], deadline: ExchangeDeadline
) -> Answer:
    """POST the body. The answer counts once its head is there; its body is thrown away."""
    connection = _PinnedConnection(target, deadline)
    connection.response_class = _BriefResponse
    cut = threading.Event()
    try:
        alarm = threading.Timer(deadline.left_s, _hang_up, [connection, cut])
    except TimeoutError:
        return Answer(None, "timeout")
    alarm.daemon = True
    alarm.start()
    try:
        _send(connection, target, body, headers)
        return _answer(connection, cut)
    except TimeoutError:
        return Answer(None, "timeout")
    except (OSError, http.client.HTTPException, ValueError) as exc:
        failure = "tls_failed" if isinstance(exc, ssl.SSLError) else "connection_failed"
        return Answer(None, "timeout" if cut.is_set() else failure)
    finally:
        alarm.cancel()
        connection.close()


def _connected(target: Target, deadline: ExchangeDeadline) -> socket.socket:
    """A connection to one of the addresses; each gets its share of the time that is left."""
    addresses = target.addresses[:_MAX_ADDRESSES]
    for number, address in enumerate(addresses, start=1):
        share = deadline.left_s / (len(addresses) - number + 1)
        try:
            return socket.create_connection((address, target.port), min(_CONNECT_S, share))
        except OSError:
            if number == len(addresses):
                raise
    raise OSError("the target has no address")


def _send(
    connection: http.client.HTTPConnection, target: Target, body: bytes, headers: dict[str, str]
) -> None:
    sent = {"Host": target.host_header, "Content-Type": "application/json", **headers}
    sent |= {"User-Agent": "Evalyard-Callbacks/1", "Connection": "close"}
    connection.request("POST", target.path, body, sent)


def _answer(connection: http.client.HTTPConnection, cut: threading.Event) -> Answer:
    response = connection.getresponse()
    if cut.is_set():
        # To `http.client` a head that was cut off looks like one that ended.
        raise TimeoutError("the head of the answer took too long")
    with suppress(OSError, http.client.HTTPException, ValueError):
        # Read, so that the receiver can finish writing; what it says is not looked at.
        response.read(_MAX_ANSWER_BYTES)
    return Answer(response.status, _error(response.status), response.getheader("Retry-After"))


def _error(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return "gone" if status == 410 else "not_2xx"


def _hang_up(connection: _PinnedConnection, cut: threading.Event) -> None:
    """End an exchange that drips on; the reader sees the connection close."""
    cut.set()
    if connection.wire is not None:
        with suppress(OSError):
            connection.wire.shutdown(socket.SHUT_RDWR)
