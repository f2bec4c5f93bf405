"""The Lambda Runtime API and the few AWS answers of an append, on one local port."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

_RUNTIME = "/2018-06-01/runtime/invocation"


class RuntimeApi(ThreadingHTTPServer):
    """Hands one event out again and again, and notes when each was answered."""

    daemon_threads = True

    def __init__(self, event: dict[str, Any], item: dict[str, Any], invocations: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.event = json.dumps(event).encode()
        self.item = json.dumps(item).encode()
        self.waiting = invocations
        self.answered_s: list[float] = []
        self.answers: list[bytes] = []
        self.finished = threading.Event()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True

    def do_GET(self) -> None:
        """The runtime client asks for the next event; after the last it waits for its end."""
        if not self.server.waiting:
            self.server.finished.set()
            time.sleep(60)
        self.server.waiting -= 1
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "6f2a7d1e-0000-4000-8000-000000000001",
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1_000) + 30_000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:1:function:bench",
        }
        self._answer(self.server.event, headers)

    def do_POST(self) -> None:
        """An answer of the function, or a call of DynamoDB."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith(_RUNTIME):
            self.server.answered_s.append(time.perf_counter())
            self.server.answers.append(body)
            self._answer(b"{}", status=202)
        else:
            self._answer(self.server.item, {"Content-Type": "application/x-amz-json-1.0"})

    def do_PUT(self) -> None:
        """A call of S3."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(b"", {"ETag": '"0"'})

    def log_message(self, *_: object) -> None:
        """Nothing to say."""

    def _answer(
        self, body: bytes, headers: dict[str, str] | None = None, status: int = 200
    ) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
