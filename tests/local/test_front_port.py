"""The port passes requests and answers on as they are."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.front_port import AT_A_TIME, MAX_BODY_BYTES, FrontPort
from local.ports import free_port

_API = "0123abcd"
_PREFIX = f"/_aws/execute-api/{_API}/$default"


class _Echo(BaseHTTPRequestHandler):
    """An API that answers with what it was asked."""

    protocol_version = "HTTP/1.1"
    counting = threading.Lock()
    present = 0
    most_present = 0

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._work()
        told = {
            "method": self.command,
            "path": self.path,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
            "body": body.decode("latin-1"),
        }
        answer = json.dumps(told).encode()
        if "/bytes/" in self.path:
            answer = b'"' * int(self.path.rpartition("/")[2])
        self.send_response(418 if "teapot" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Keep-Alive", "timeout=5")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _work(self) -> None:
        with _Echo.counting:
            _Echo.present += 1
            _Echo.most_present = max(_Echo.most_present, _Echo.present)
        if "slow" in self.path:
            time.sleep(0.02)
        with _Echo.counting:
            _Echo.present -= 1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Says nothing."""


class _Api(ThreadingHTTPServer):
    """An API that many may call at once."""

    request_queue_size = 128


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A front port before an API that echoes."""
    api = _Api(("127.0.0.1", 0), _Echo)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    front = FrontPort(free_port(), api.server_address[1], _API)
    front.start()
    yield front.port
    front.stop()
    api.shutdown()
    api.server_close()


Ask = Callable[..., tuple[http.client.HTTPResponse, bytes]]


@pytest.fixture
def ask(port: int) -> Iterator[Ask]:
    """One request over a connection of its own."""
    connections = []

    def send(
        method: str, target: str, body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connections.append(connection)
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        return response, response.read()

    yield send
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_method_and_body_arrive_when_sent(ask: Ask, method: str) -> None:
    _response, body = ask(method, "/x", b'{"a": "\xc3\xa9"}')

    told = json.loads(body)
    assert told["method"] == method
    assert told["body"] == b'{"a": "\xc3\xa9"}'.decode("latin-1")


def test_target_arrives_byte_for_byte_when_it_is_encoded(ask: Ask) -> None:
    target = "/a%2Fb//c%20d/%C3%A9?b=2&a=1&a=%26&empty=&flag"

    _response, body = ask("GET", target)

    assert json.loads(body)["path"] == _PREFIX + target


def test_status_and_repeated_headers_return_when_the_api_sends_them(ask: Ask) -> None:
    response, _body = ask("GET", "/teapot")

    assert response.status == 418
    assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert "Keep-Alive" not in response.headers


def test_only_gateway_headers_are_added_when_a_request_passes(ask: Ask, port: int) -> None:
    _response, body = ask("GET", "/x", **{"X-User-Token": "t", "X-Forwarded-Proto": "https"})

    told = dict(json.loads(body)["headers"])
    told.pop("accept-encoding")
    assert told == {
        "host": f"127.0.0.1:{port}",
        "x-user-token": "t",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": str(port),
        "x-forwarded-proto": "http",
    }


@pytest.mark.parametrize(
    ("kind", "content", "arrives"),
    [
        ("application/json", b"{}", "application/json"),
        ("application/json", b"\xe9", "application/json; as=bytes"),
        ("text/csv", b"a,\xc3\xa9", "text/csv"),
        ("text/csv; header=present", b"a,\xe9", "text/csv; header=present; as=bytes"),
        ("text/markdown", b"\xff", "text/markdown; as=bytes"),
        ("application/x-ndjson", b"\xff", "application/x-ndjson; as=bytes"),
        ("application/jsonl", b"{}", "application/jsonl; as=bytes"),
    ],
)
def test_body_is_not_called_text_when_it_is_no_utf8(
    ask: Ask, kind: str, content: bytes, arrives: str
) -> None:
    _response, body = ask("POST", "/x", content, **{"Content-Type": kind})

    told = json.loads(body)
    assert dict(told["headers"])["content-type"] == arrives
    assert told["body"] == content.decode("latin-1")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/event-stream"])
def test_body_is_not_called_text_when_it_is_compressed(ask: Ask, kind: str) -> None:
    said = {"Content-Type": kind, "Content-Encoding": "gzip"}

    _response, body = ask("POST", "/x", b"\x1f\x8b", **said)

    told = json.loads(body)
    assert dict(told["headers"])["content-type"] == f"{kind}; as=bytes"
    assert told["body"] == b"\x1f\x8b".decode("latin-1")


def test_head_has_the_length_and_no_body_when_asked(ask: Ask) -> None:
    response, body = ask("HEAD", "/x")

    assert response.status == 200
    assert int(response.headers["Content-Length"]) > 0
    assert body == b""


def test_body_above_the_gateways_limit_is_413(ask: Ask) -> None:
    refused, body = ask("POST", "/x", b"", **{"Content-Length": str(MAX_BODY_BYTES + 1)})

    assert refused.status == 413
    assert json.loads(body) == {"message": "Request Entity Too Large"}


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("application/json", b"x" * 6_280_000, 200),
        ("application/json", b"x" * 6_291_000, 413),
        ("application/json", b'"' * 3_140_000, 200),
        ("application/json", b'"' * 3_150_000, 413),
        ("text/csv", "é".encode() * 3_140_000, 200),
        ("application/x-ndjson", b"x" * 4_700_000, 200),
        ("application/x-ndjson", b"x" * 4_730_000, 413),
    ],
)
def test_request_is_413_when_its_event_is_larger_than_lambda_takes(
    ask: Ask, kind: str, content: bytes, status: int
) -> None:
    answer, body = ask("POST", "/bytes/1", content, **{"Content-Type": kind})

    assert answer.status == status
    assert status == 200 or json.loads(body) == {"message": "Request Entity Too Large"}


def test_answer_is_500_when_it_is_larger_than_lambda_passes_on(ask: Ask) -> None:
    passed, _body = ask("GET", "/bytes/3140000")
    refused, body = ask("GET", "/bytes/3150000")

    assert (passed.status, refused.status) == (200, 500)
    assert json.loads(body) == {"message": "Internal Server Error"}


def test_chunked_body_arrives_whole_when_its_length_is_unknown(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/x", iter([b"one ", b"two"]), encode_chunked=True)

    told = json.loads(connection.getresponse().read())
    connection.close()

    assert told["body"] == "one two"
    assert dict(told["headers"])["content-length"] == "7"


def test_connection_serves_many_requests_when_it_is_kept(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    answers = []
    for number in range(20):
        connection.request("POST", f"/{number}", str(number).encode())
        answers.append(json.loads(connection.getresponse().read())["body"])
    connection.close()

    assert answers == [str(number) for number in range(20)]


def test_each_gets_its_own_answer_when_many_ask_at_once(ask: Ask) -> None:
    def body_of(number: int) -> str:
        return str(json.loads(ask("POST", f"/{number}", str(number).encode())[1])["body"])

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(body_of, range(96)))

    assert answers == [str(number) for number in range(96)]


def test_some_wait_at_the_port_when_more_ask_than_functions_should_start(ask: Ask) -> None:
    _Echo.most_present = 0

    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(lambda _: ask("GET", "/slow")[0].status, range(64)))

    assert statuses == [200] * 64
    assert 1 < _Echo.most_present <= AT_A_TIME


def _raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_request_is_400_when_it_is_no_http(port: int) -> None:
    assert _raw(port, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_request_is_431_when_its_headers_are_above_the_gateways_limit(port: int) -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n"

    assert _raw(port, request).startswith(b"HTTP/1.1 431 ")


def test_client_is_told_to_go_on_when_it_waits_to_send_its_body(port: int) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head)
        told = connection.recv(65_536)
        connection.sendall(b"hi")
        answer = connection.recv(65_536)

    assert told.startswith(b"HTTP/1.1 100 ")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_answer_is_503_when_the_api_is_not_there() -> None:
    front = FrontPort(free_port(), free_port(), _API)
    front.start()
    try:
        assert _raw(front.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 503 ")
    finally:
        front.stop()


def test_start_fails_when_the_port_was_taken_meanwhile(port: int) -> None:
    with pytest.raises(OSError, match="address"):
        FrontPort(port, free_port(), _API).start()


def test_open_connection_is_dropped_silently_when_the_server_ends(
    capfd: pytest.CaptureFixture[str],
) -> None:
    front = FrontPort(free_port(), free_port(), _API)
    front.start()
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)
    connection.request("GET", "/")
    connection.getresponse().read()
    kept = connection.sock

    front.stop()

    assert kept.recv(1) == b""
    connection.close()
    assert capfd.readouterr().err == ""
