"""One POST to a checked target: to that address, as that host, without redirects, within 10 s."""

import http.client
import socket
import ssl
import threading
from dataclasses import dataclass

from shared.callbacks.addresses import Target

LIMIT_S = 10.0
_MAX_ANSWER_BYTES = 65_536


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or the reason why there is none."""

    status: int | None
    error: str | None


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to one address, with the name only in TLS and the Host header."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(address, target.port, timeout=LIMIT_S)
        self._target = target

    def connect(self) -> None:
        """Connect to the address itself, never by name."""
        self.sock = socket.create_connection((self.host, self.port), LIMIT_S)
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self._target.host)


def post(target: Target, body: bytes, headers: dict[str, str]) -> Answer:
    """POST the body. The whole exchange has 10 s; the answer's body is thrown away."""
    connection = _PinnedConnection(target, target.addresses[0])
    alarm = threading.Timer(LIMIT_S, _hang_up, [connection])
    alarm.daemon = True
    alarm.start()
    try:
        return _exchange(connection, target, body, headers)
    except TimeoutError:
        return Answer(None, "timeout")
    except ssl.SSLError:
        return Answer(None, "tls_failed")
    except (OSError, http.client.HTTPException, ValueError):
        return Answer(None, "connection_failed" if alarm.is_alive() else "timeout")
    finally:
        alarm.cancel()
        connection.close()


def _exchange(
    connection: http.client.HTTPConnection, target: Target, body: bytes, headers: dict[str, str]
) -> Answer:
    sent = {"Host": target.host_header, "Content-Type": "application/json", **headers}
    sent |= {"User-Agent": "Evalyard-Callbacks/1", "Connection": "close"}
    connection.request("POST", target.path, body, sent)
    response = connection.getresponse()
    response.read(_MAX_ANSWER_BYTES)
    return Answer(response.status, None if 200 <= response.status < 300 else "not_2xx")


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End an exchange that drips on; whoever reads sees the connection close."""
    if isinstance(connection.sock, socket.socket):
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
