"""A runner between a fake API, a fake model and moto's SQS, run until a test is satisfied."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from time import monotonic, sleep
from typing import Any

import botocore.session
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.backends.runtime_log import RuntimeLog
from evalyard_runner.gates import Limits
from evalyard_runner.sensors import Sensors, find_sensors
from evalyard_runner.serving import serve
from evalyard_runner.settings import Settings
from evalyard_runner.stopping import Stop

from tests.runner.kit.api import SERIAL, TOKEN
from tests.runner.kit.model import FakeModel

# Long, because the machine may be busy with much else; nothing waits this long that works.
PATIENCE_S = 90.0


@dataclass
class Bench:
    """`send` puts a job's message on a queue, `run_until` runs a real runner."""

    api: Any
    model: FakeModel
    sqs: Any
    grace_s: float = 5.0
    limits: Limits = field(default_factory=Limits)
    sensors: Sensors = field(default_factory=find_sensors)
    logged: str = ""

    def queue(self, name: str, lane: str = "normal") -> str:
        """Make a queue and list it in the session, in order."""
        url: str = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.api.queues.append({"url": url, "lane": lane})
        return url

    def send(self, queue_url: str, job_id: str) -> None:
        body = json.dumps({"job_id": job_id, "attempt": 0})
        self.sqs.send_message(QueueUrl=queue_url, MessageBody=body)

    def counts(self, queue_url: str) -> tuple[int, int]:
        """Messages that wait, and messages in somebody's hands."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)[
            "Attributes"
        ]
        return int(found[names[0]]), int(found[names[1]])

    def run_until(self, satisfied: Callable[[], bool]) -> None:
        """Run a runner, stop it when `satisfied`, fail when it never is.

        The runner has a thread and an event loop of its own, as it has a process of its own.
        """
        with ThreadPoolExecutor(1) as thread:
            running = _Running()
            ended = thread.submit(asyncio.run, self._serve(running))
            give_up = monotonic() + PATIENCE_S
            try:
                while not satisfied() and not ended.done() and monotonic() < give_up:
                    sleep(0.01)
                in_time = monotonic() < give_up
            finally:
                running.ask_to_stop()
            ended.result(PATIENCE_S)
            assert in_time, "the runner never did what the test waits for"

    async def _serve(self, running: "_Running") -> None:
        backend = OpenAiBackend(self.model.url, {"tiny": "tiny-upstream", "other": "other"})
        backend.log = TalkativeLog(self.logged)
        running.started(asyncio.get_running_loop(), stop := Stop())
        try:
            await serve(_settings(self), backend, stop, self.sensors)
        finally:
            running.ended()
            await backend.close()


class TalkativeLog(RuntimeLog):
    """A runtime that says the same about every job."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def mark(self) -> int:
        mark = super().mark()
        for line in self._text.splitlines():
            self.write(line)
        return mark


class _Running:
    """A runner's wish to stop, reachable from another thread."""

    def __init__(self) -> None:
        self._ready, self._lock = Event(), Lock()
        self._ask: Callable[[], object] | None = None

    def started(self, loop: asyncio.AbstractEventLoop, stop: Stop) -> None:
        self._ask = lambda: loop.call_soon_threadsafe(stop.ask)
        self._ready.set()

    def ended(self) -> None:
        with self._lock:
            self._ask = None

    def ask_to_stop(self) -> None:
        assert self._ready.wait(PATIENCE_S)
        with self._lock:
            if self._ask:
                self._ask()


def _settings(bench: Bench) -> Settings:
    return Settings(
        api=bench.api.url,
        serial=SERIAL,
        token=TOKEN,
        gguf=None,
        openai_url=bench.model.url,
        openai_key=None,
        model_dir=Path("unused"),
        names={},
        threads=1,
        context=512,
        max_tokens=64,
        grace_s=bench.grace_s,
        poll_wait_s=0,  # Nothing to save here, and every stop would wait for the poll's end.
        check=False,
        limits=bench.limits,
    )


def sqs_client() -> Any:
    """A client of the test's own."""
    return botocore.session.get_session().create_client(
        "sqs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
