"""`make run`, driven by tests: one local cloud in a folder of its own, on free ports."""

import json
import os
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import botocore.session
import httpx
import psutil

from local.home import scratch_folder

ROOT = Path(__file__).resolve().parents[2]
# Generous: a first start builds, on two busy cores, and fetches nothing.
READY_WITHIN_S = 600
STOPPED_WITHIN_S = 60


@dataclass
class LocalCloud:
    """A local cloud that can be stopped and started again with the same home."""

    home: Path
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def announced(self) -> dict[str, Any]:
        """What `local.json` says."""
        announced: dict[str, Any] = json.loads((self.home / "local.json").read_text())
        return announced

    def start(self) -> None:
        """Start and wait until everything answers; fails with what the cloud printed."""
        with (self.home.parent / f"{self.home.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [ROOT / ".venv-cloud/bin/python", "-m", "local", "run"],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = monotonic() + READY_WITHIN_S
        while not (self.home / "local.json").exists():
            if self.process.poll() is not None or monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the local cloud did not come up:\n{self.printed()}")
            sleep(0.2)

    def stop(self) -> int:
        """Stop as Ctrl-C or a service manager would; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPPED_WITHIN_S)

    def kill(self) -> None:
        """Kill everything at once, as a kernel without memory or a power switch might."""
        assert self.process is not None
        everything = psutil.Process(self.process.pid)
        for process in (everything, *everything.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(STOPPED_WITHIN_S)
        (self.home / "local.json").unlink(missing_ok=True)

    def programs(self, part: str) -> list[psutil.Process]:
        """The processes of this cloud whose command line contains a text."""
        assert self.process is not None
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if any(part in word for word in process.cmdline()):
                    found.append(process)
        return found

    def memory_bytes(self) -> int:
        """What its processes hold, and what lies in memory for them."""
        assert self.process is not None
        root = psutil.Process(self.process.pid)
        held = 0
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                held += process.memory_info().rss
        # Folders of processes that end go while they are walked through; os.walk bears that.
        walked = os.walk(scratch_folder(self.home))
        files = (Path(folder) / name for folder, _, names in walked for name in names)
        return held + sum(map(_bytes, files))

    def restart(self) -> None:
        """Stop cleanly and start again."""
        self.stop()
        self.start()

    def printed(self) -> str:
        """What the cloud has printed so far."""
        return (self.home.parent / f"{self.home.name}.log").read_text(errors="replace")[-8_000:]

    def client(self, token: str = "user_token", header: str = "X-User-Token") -> httpx.Client:
        """An HTTP client with one of the announced tokens, or a token itself."""
        announced = self.announced
        return httpx.Client(
            base_url=announced["base_url"],
            timeout=60,
            headers={header: announced.get(token, token)},
        )

    def aws(self, service: str) -> Any:
        """An AWS client as the account's root."""
        return _session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url=self.announced["aws_endpoint_url"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def resource(self, logical_id: str) -> str:
        """The physical name of a resource of the stack."""
        found = self.aws("cloudformation").describe_stack_resource(
            StackName="evalyard", LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def fire(self, schedule: str) -> None:
        """Fire a schedule now, as `make fire` does."""
        subprocess.run(
            [ROOT / ".venv-cloud/bin/python", "-m", "local", "fire", schedule],
            cwd=ROOT,
            env=self.environment(),
            check=True,
            capture_output=True,
        )

    def fill(self) -> None:
        """Fill the demo user with a month of runs, as `make demo-data` does."""
        subprocess.run(
            [ROOT / ".venv-cloud/bin/python", "-m", "local", "demo-data"],
            cwd=ROOT,
            env=self.environment(),
            check=True,
            capture_output=True,
        )

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return kept | {
            "EVALYARD_HOME": str(self.home),
            "EVALYARD_PORT": str(self.port),
            "EVALYARD_CALLBACK_ALLOW_PRIVATE": "1",
            "PYTHONUNBUFFERED": "1",
        }


@cache
def _session() -> botocore.session.Session:
    """One for all clients: it reads the description of each service once."""
    return botocore.session.get_session()


def _bytes(path: Path) -> int:
    try:
        return path.lstat().st_blocks * 512
    except FileNotFoundError:
        return 0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Any, what: str, within_s: float = 60, every_s: float = 0.3) -> Any:
    """The first truthy value of `condition()`; fails when there is none in time."""
    deadline = monotonic() + within_s
    while not (found := condition()):
        assert monotonic() < deadline, f"not within {within_s} s: {what}"
        sleep(every_s)
    return found
