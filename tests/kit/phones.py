"""A device of a running cloud: a real runner in a process, between the cloud and a model server."""

import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any, Self

import httpx

from tests.kit.local_cloud import until
from tests.runner.kit.processes import start

_ENDS_WITHIN_S = 60


@dataclass
class Phone:
    """A registered device, whose runner can be killed, frozen and started again."""

    admin: httpx.Client
    serial: str
    model: str
    model_url: str
    flags: tuple[str, ...] = ()
    process: Any = None
    _token: str = ""
    _kept: TemporaryDirectory[str] = field(
        default_factory=lambda: TemporaryDirectory(prefix="phone-")
    )

    def __post_init__(self) -> None:
        body = {"serial": self.serial, "models": [self.model]}
        made = self.admin.post("/devices/register", json=body).raise_for_status().json()
        self._token = made["device_token"]

    def __enter__(self) -> Self:
        self.start()
        until(lambda: self.state["state"] == "available", f"{self.serial} is there", 120)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._kept.cleanup()

    @property
    def state(self) -> dict[str, Any]:
        """The device as the API has it."""
        found: dict[str, Any] = self.admin.get(f"/devices/{self.serial}").json()
        return found

    @property
    def printed(self) -> str:
        """What the runner said so far."""
        return (self._folder / "log").read_text()

    def start(self) -> None:
        """Start a runner. It keeps its name, so that it is let in at once when it was killed."""
        where = ("--api", str(self.admin.base_url), "--serial", self.serial)
        what = ("--openai-url", self.model_url, "--model", self.model)
        with (self._folder / "log").open("a") as log:
            self.process = start(
                *(*where, *what, *self.flags),
                token=self._token,
                stdout=log,
                stderr=log,
                state=self._folder,
            )

    def kill(self) -> None:
        """End it as a battery does."""
        self.process.kill()
        self.process.wait(_ENDS_WITHIN_S)

    def freeze(self, seconds: float) -> None:
        """Have it do nothing for a while, as a closed lid does."""
        self.process.send_signal(signal.SIGSTOP)
        sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    @property
    def _folder(self) -> Path:
        return Path(self._kept.name)
