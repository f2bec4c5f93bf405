"""A runner between a fake API, a fake model and moto's SQS, run until a test is satisfied."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.serving import serve
from evalyard_runner.settings import Settings
from evalyard_runner.stopping import Stop

from tests.runner.kit.api import SERIAL, TOKEN, FakeApi
from tests.runner.kit.model import FakeModel

PATIENCE_S = 20.0


@dataclass
class Bench:
    """`send` puts a job's message on a queue, `run_until` runs a real runner."""

    api: FakeApi
    model: FakeModel
    sqs: Any
    grace_s: float = 5.0
    stop: Stop = field(init=False)

    def queue(self, name: str, lane: str = "normal") -> str:
        """Make a queue and list it in the session, in order."""
        url: str = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.api.queues.append({"url": url, "lane": lane})
        return url

    def send(self, queue_url: str, job_id: str) -> None:
        body = json.dumps({"job_id": job_id, "user_id": "ada", "attempt": 0})
        self.sqs.send_message(QueueUrl=queue_url, MessageBody=body)

    def counts(self, queue_url: str) -> tuple[int, int]:
        """Messages that wait, and messages in somebody's hands."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)[
            "Attributes"
        ]
        return int(found[names[0]]), int(found[names[1]])

    def run_until(self, satisfied: Callable[[], bool]) -> None:
        """Run a runner, stop it when `satisfied`, fail when it never is."""
        asyncio.run(self._run_until(satisfied))

    async def _run_until(self, satisfied: Callable[[], bool]) -> None:
        self.stop = Stop()
        backend = OpenAiBackend(self.model.url, {"tiny": "tiny-upstream", "other": "other"})
        runner = asyncio.create_task(serve(_settings(self), backend, self.stop))
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not satisfied() and not runner.done():
                    await asyncio.sleep(0.01)
                self.stop.ask()
                await runner
        finally:
            await backend.close()


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
    )


def sqs_client() -> Any:
    """A client of the test's own."""
    return botocore.session.get_session().create_client(
        "sqs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
