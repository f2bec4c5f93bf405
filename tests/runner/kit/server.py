"""A real HTTP server on a free port of 127.0.0.1; what it answers, its subclass decides."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep, time
from typing import Any, Self


class Exchange(BaseHTTPRequestHandler):
    """One request, with helpers to answer it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer_with()

    def do_POST(self) -> None:
        self.answer_with()

    def do_PUT(self) -> None:
        server = self.server
        assert isinstance(server, FakeServer)
        if (content := self._content()) is not None:
            server.store(self, content)

    def answer_with(self) -> None:
        server = self.server
        assert isinstance(server, FakeServer)
        if (content := self._content()) is not None:
            server.answer(self, json.loads(content or b"null"))

    def _content(self) -> bytes | None:
        """All that was announced; None, and no more is read, if the other end hung up before."""
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:
            self.close_connection = True
            return None
        return content

    def send_json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        payload = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def send_page(self, status: int, page: str) -> None:
        """HTML, as the login page of a network."""
        payload = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def stream(self, content_type: str, steps: Iterable[float | bytes]) -> bool:
        """Send pieces, and wait where a step is a number of seconds; False if nobody listens."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for step in steps:
                if isinstance(step, float):
                    sleep(step)
                else:
                    self.wfile.write(step)
                    self.wfile.flush()
        except OSError:
            return False
        return True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` of every answer."""
        server = self.server
        assert isinstance(server, FakeServer)
        return super().date_time_string(timestamp or time() + server.clock_off.total_seconds())

    def log_message(self, *args: Any) -> None:
        """Quiet: pytest shows what a test prints."""


class FakeServer(ThreadingHTTPServer, ABC):
    """Use as a context manager; `url` is where it listens."""

    daemon_threads = True
    clock_off = timedelta()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @abstractmethod
    def answer(self, exchange: Exchange, body: Any) -> None:
        """Answer a GET or a POST."""

    def store(self, exchange: Exchange, content: bytes) -> None:
        """Answer a PUT."""
        exchange.send_json(404, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A runner that hangs up in the middle of an answer is a normal thing here."""
