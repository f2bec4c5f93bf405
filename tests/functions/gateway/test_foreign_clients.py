"""The clients of others that the gateway is for, in an environment of their own, as their users
have them.
"""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.functions.gateway.kit import KEY, Gate
from tools.template import ROOT

PYTHON = ROOT / ".venv-clients" / "bin" / "python"
WORDS = ["one ", "two ", "three"]
WHOLE = "".join(WORDS)


@contextmanager
def served(gate: Gate) -> Iterator[str]:
    """The address at which the gateway answers, one call after the other."""

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def log_message(self, *_: object) -> None:
            return

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            headers = {"X-Api-Key": "", **dict(self.headers)}
            # It reports again and again, as devices do: importing clients takes its time.
            gate.device()
            reply = gate.ask(self.path, body, method, headers=headers)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

    server = HTTPServer(("127.0.0.1", 0), Front)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.exhaustive
def test_clients_of_others_read_answers_when_they_are_used_as_their_users_do(gate: Gate) -> None:
    with served(gate) as address:
        command = [str(PYTHON), str(ROOT / "tests/functions/gateway/foreign_clients.py")]
        # LiteLLM would else fetch its list of prices when it is imported.
        environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [*command, address, KEY], env=environment, capture_output=True, text=True, timeout=120
        )

    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout.splitlines()[-1])
    answer = {"whole": WHOLE, "tokens": 8, "pieces": WORDS}
    assert heard["langchain"] == {**answer, "streamed_tokens": 8}
    assert heard["litellm"] == {"openai": answer, "ollama": answer}
    assert heard["ollama"] == {
        "models": ["tiny"],
        "pieces": WORDS,
        "done": "stop",
        "tokens": 3,
        "whole": WHOLE,
        "refused": 404,
    }
