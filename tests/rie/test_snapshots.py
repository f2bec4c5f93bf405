"""A function that starts from a snapshot, under AWS's runtime client and a Runtime API of ours.

The emulator knows no snapshots. The client asks `restore/next` after initialisation and goes on
with events once that is answered, as it does on Lambda.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.rie.conftest import _CREDENTIALS, BUILD, _bare_python, _handler, _python_path
from tools.template import ROOT, Template

pytestmark = pytest.mark.rie

FUNCTION = "Accounts"
_PATIENCE_S = 60


class RuntimeApi(ThreadingHTTPServer):
    """Answers the restore and hands out one event."""

    daemon_threads = True

    def __init__(self, event: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.event = event
        self.calls: list[str] = []
        self.answer: dict[str, Any] = {}
        self.answered = threading.Event()


class _Calls(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.calls.append(self.path.removeprefix("/2018-06-01/runtime/"))
        if "restore" in self.path:
            return self._send(b"", {})
        if self.server.calls.count("invocation/next") > 1:
            self.server.answered.wait(_PATIENCE_S)
        return self._send(
            self.server.event,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": "1",
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1_000) + 30_000),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:1:function:any",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(self.path.removeprefix("/2018-06-01/runtime/"))
        self._send(b"{}", {}, 202)
        self.server.answer = json.loads(body)
        self.server.answered.set()

    def log_message(self, *_: object) -> None:
        """The calls are noted already."""

    def _send(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def restored(
    cloud: tuple[Template, str], runtime_client: Path, tmp_path: Path
) -> Iterator[RuntimeApi]:
    """The runtime API of a function that was restored from a snapshot and answered one event."""
    template, address = cloud
    api = RuntimeApi((ROOT / "events" / "accounts" / "list_tokens.json").read_bytes())
    threading.Thread(target=api.serve_forever, daemon=True).start()
    environment = {
        **_CREDENTIALS,
        **template.environment(FUNCTION),
        "AWS_ENDPOINT_URL": address,
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ":".join(_python_path(template, FUNCTION, runtime_client)),
    }
    command = [_bare_python(), "-m", "awslambdaric", _handler(template, FUNCTION)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=BUILD / FUNCTION, env=environment, stdout=log, stderr=log
        )
    try:
        assert api.answered.wait(_PATIENCE_S), (tmp_path / "log").read_text()
        yield api
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()


def test_restored_function_answers_its_event(restored: RuntimeApi) -> None:
    assert restored.calls[:3] == ["restore/next", "invocation/next", "invocation/1/response"]
    assert restored.answer["statusCode"] < 500, restored.answer
