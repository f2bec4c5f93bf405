"""One POST: to the checked addresses only, under the URL's name, within its time."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.callbacks.addresses import Target, read_url
from shared.callbacks.posting import Answer, ExchangeDeadline, post
from tests.kit.certificates import Authority, make_authority
from tests.kit.receiver import Receiver, running_receiver

NAME = "hooks.example.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusting(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process believes the authority, and no other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trust))


def send(target: Target, limit_s: float = 10.0) -> Answer:
    return post(target, b'{"a":1}', {"webhook-id": "evt_1"}, ExchangeDeadline(limit_s))


def target_of(receiver: Receiver, host: str = NAME, *addresses: str) -> Target:
    scheme = receiver.url.partition(":")[0]
    return Target(scheme, host, receiver.port, "/hook?a=1", addresses or ("127.0.0.1",))


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does what no web server does; the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                try:
                    talk(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def test_name_is_in_tls_and_host_when_connecting_to_the_address(trusting, authority) -> None:
    with running_receiver(authority.issue(NAME)) as receiver:
        answer = send(target_of(receiver))

    (received,) = receiver.received
    assert answer == Answer(200, None)
    assert receiver.names == [NAME]
    assert received.headers["host"] == f"{NAME}:{receiver.port}"
    assert (received.path, received.body) == ("/hook?a=1", b'{"a":1}')


def test_the_schemes_own_port_is_left_out_of_host() -> None:
    headers = [
        read_url(url, allow_private=True).host_header
        for url in ("https://a.example/", "http://a.example:8080/", "https://[2606:4700::1]:444/")
    ]

    assert headers == ["a.example", "a.example:8080", "[2606:4700::1]:444"]


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://bücher.example/", "xn--bcher-kva.example"), ("https://faß.de./", "xn--fa-hia.de")],
)
def test_names_are_sent_as_dns_knows_them_when_international(
    trusting, authority, url, name
) -> None:
    host = read_url(url, allow_private=False).host
    with running_receiver(authority.issue(name)) as receiver:
        answer = send(target_of(receiver, host))

    assert (answer.error, receiver.names) == (None, [name])


def test_an_address_is_checked_and_not_sent_as_a_name(trusting, authority) -> None:
    with running_receiver(authority.issue("127.0.0.1")) as receiver:
        answer = send(target_of(receiver, "127.0.0.1"))

    assert (answer.error, receiver.names) == (None, [None])


@pytest.mark.parametrize("bad", ["other name", "expired", "unknown authority", "no address"])
def test_nothing_is_sent_when_the_certificate_does_not_hold(
    trusting, authority: Authority, tmp_path: Path, bad: str
) -> None:
    host = "127.0.0.1" if bad == "no address" else NAME
    certificate = {
        "other name": lambda: authority.issue("evil.example.com"),
        "expired": lambda: authority.issue(NAME, days=-1),
        "unknown authority": lambda: make_authority(tmp_path / "other").issue(NAME),
        "no address": lambda: authority.issue(NAME),
    }[bad]()

    with running_receiver(certificate) as receiver:
        answer = send(target_of(receiver, host))

    assert answer == Answer(None, "tls_failed")
    assert receiver.received == []


def test_tls_fails_when_the_receiver_speaks_none() -> None:
    with running_receiver() as receiver:
        target = Target("https", NAME, receiver.port, "/", ("127.0.0.1",))
        answer = send(target)

    assert answer.error == "tls_failed"
    assert receiver.received == []


def test_the_next_address_is_tried_when_the_first_refuses() -> None:
    with running_receiver() as receiver:
        answer = send(target_of(receiver, NAME, "127.0.0.2", "::1", "127.0.0.1"))

    assert answer == Answer(200, None)


def test_the_next_address_is_tried_in_time_when_the_first_does_not_answer() -> None:
    with silent_address("127.0.0.3") as port, running_on(port) as received:
        answer = send(Target("http", NAME, port, "/", ("127.0.0.3", "127.0.0.1")), limit_s=1.0)

    assert answer == Answer(204, None)
    assert len(received) == 1


def test_it_is_over_in_time_when_no_address_answers() -> None:
    with silent_address("127.0.0.3") as port:
        answer = send(Target("http", NAME, port, "/", ("127.0.0.3",)), limit_s=0.3)

    assert answer == Answer(None, "timeout")


@pytest.mark.parametrize(
    ("head", "drop", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n", Answer(None, "timeout")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"drip", Answer(200, None)),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9999\r\n\r\n", b"drip", Answer(200, None)),
    ],
    ids=["head", "body", "last body"],
)
def test_it_is_over_in_time_when_the_receiver_drips(head, drop, expected) -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        while not over.wait(0.02):
            connection.sendall(drop)

    with raw_server(drip) as port:
        answer = send(Target("http", NAME, port, "/", ("127.0.0.1",)), limit_s=0.5)
        over.set()

    assert answer == expected


@pytest.mark.parametrize(
    "flood",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_no_more_than_64_kb_are_read_when_the_receiver_floods(flood: bytes) -> None:
    sent: list[int] = []

    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        connection.sendall(flood)
        while True:
            sent.append(connection.send(b"1000\r\n" + b"x" * 4_096 + b"\r\n"))

    with raw_server(talk) as port:
        answer = send(Target("http", NAME, port, "/", ("127.0.0.1",)))

    assert answer.status == 200
    # What lies in the kernel's buffers was sent, too, but the flood was cut.
    assert sum(sent) < 20_000_000


@pytest.mark.parametrize(
    ("interim", "expected"),
    [
        (b"HTTP/1.1 102 Processing\r\n\r\n", Answer(200, None, "7")),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nRetry-After: 1\r\n\r\n",
            Answer(200, None, "7"),
        ),
    ],
)
def test_answer_is_the_last_head_when_interim_ones_come_before(
    interim: bytes, expected: Answer
) -> None:
    final = b"HTTP/1.1 200 OK\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok"

    with raw_server(lambda connection: connection.sendall(interim + final)) as port:
        answer = send(Target("http", NAME, port, "/", ("127.0.0.1",)))

    assert answer == expected


def test_interim_answers_are_cut_when_they_never_end() -> None:
    def talk(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 500)

    with raw_server(talk) as port:
        answer = send(Target("http", NAME, port, "/", ("127.0.0.1",)))

    assert answer == Answer(None, "connection_failed")


def test_endless_headers_are_cut() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-A: " + b"b" * 60_000 + b"\r\n")

    with raw_server(talk) as port:
        answer = send(Target("http", NAME, port, "/", ("127.0.0.1",)))

    assert answer.status in (200, None)


@pytest.mark.parametrize("junk", [b"", b"220 smtp.example ESMTP\r\n", b"\x00" * 70_000, b"HTTP/9"])
def test_it_is_no_answer_when_it_is_not_http(junk: bytes) -> None:
    with raw_server(lambda connection: connection.sendall(junk)) as port:
        answer = send(Target("http", NAME, port, "/", ("127.0.0.1",)))

    assert answer == Answer(None, "connection_failed")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with running_receiver() as receiver:
        receiver.status = status
        answer = send(target_of(receiver))

    assert answer.error == "not_2xx"
    assert [received.path for received in receiver.received] == ["/hook?a=1"]


def test_paths_are_sent_in_ascii_when_they_are_not() -> None:
    path = read_url("https://example.com/ü/%20?q=é", allow_private=False).path
    with running_receiver() as receiver:
        answer = send(Target("http", NAME, receiver.port, path, ("127.0.0.1",)))

    assert answer.error is None
    assert receiver.received[0].path == "/%C3%BC/%20?q=%C3%A9"


@contextmanager
def silent_address(address: str) -> Iterator[int]:
    """An address that lets nobody in and does not say so: its queue is full. The port."""
    with socket.socket() as full:
        full.bind((address, 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex((address, port))
        try:
            yield port
        finally:
            for each in waiting:
                each.close()


@contextmanager
def running_on(port: int) -> Iterator[list[bytes]]:
    """A receiver on this port of 127.0.0.1."""
    received: list[bytes] = []

    def serve(server: socket.socket) -> None:
        connection: Any
        connection, _ = server.accept()
        with connection:
            received.append(connection.recv(65_536))
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with socket.create_server(("127.0.0.1", port)) as server:
        thread = threading.Thread(target=serve, args=[server], daemon=True)
        thread.start()
        yield received
        thread.join(10)
