"""The installed client on its own, under a Python that has nothing else: `make test-client`.

It needs no pytest: it is a program, run outside of the repository's folder.
"""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distributions
from pathlib import Path
from threading import Thread

import evalyard

EXTRAS = ("evalyard.cli.mcp_server", "evalyard.arrow")
SERVER = {"boto3", "botocore", "fastapi", "functions", "mangum", "pydantic", "shared", "starlette"}
# An older service says no more.
GATE = {
    "verdict": "fail",
    "markdown": "It is **slower**.",
}


class Service(BaseHTTPRequestHandler):
    """Just as much of the API as is called here."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        content = json.dumps(GATE).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def main() -> None:
    """Raises AssertionError at the first thing that is not as it should be."""
    for module in pkgutil.walk_packages(evalyard.__path__, "evalyard."):
        if module.name not in EXTRAS and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert not SERVER & set(sys.modules), SERVER & set(sys.modules)
    assert "site-packages" in evalyard.__file__, evalyard.__file__

    command = Path(sys.executable).with_name("evalyard")
    version = _run(command, "--version")
    assert version.stdout == f"evalyard {evalyard.__version__}\n", version
    missing = _run(command, "mcp", url="http://127.0.0.1:9")
    assert (missing.returncode, "evalyard[mcp]" in missing.stderr) == (2, True), missing

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=server.serve_forever, daemon=True).start()
    gate = ("gate", "--baseline", "main", "--format", "md")
    done = _run(command, *gate, url=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    assert (done.returncode, done.stdout) == (1, "It is **slower**.\n"), done

    installed = len(list(distributions()))
    python = sys.version.split()[0]
    sys.stdout.write(f"the client alone: Python {python}, {installed} packages: ok\n")


def _run(command: Path, *arguments: str, url: str = "") -> "subprocess.CompletedProcess[str]":
    with tempfile.TemporaryDirectory() as folder:
        env = {"HOME": folder, "PATH": os.environ["PATH"], "EVALYARD_TOKEN": "eyt_x"}
        env |= {"EVALYARD_URL": url} if url else {}
        return subprocess.run(
            [str(command), *arguments], cwd=folder, env=env, capture_output=True, text=True
        )


if __name__ == "__main__":
    main()
