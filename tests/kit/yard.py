"""A yard of devices and users: drives jobs through the real functions, with AWS below them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.aws import Bucket, Queue, Table
from shared.runs import Run, decode_runs
from shared.storage.log import SegmentLog
from tests.kit.cloud import aws_client
from tests.kit.gateway import ApiClient, ApiResponse, LambdaContext

METRICS = {
    "prompt_tokens": 12,
    "completion_tokens": 41,
    "latency_ms": 1000.0,
    "ttft_ms": 200.0,
    "tok_s": 50.0,
    "tpot_ms": 20.0,
    "prefill_tps": 60.0,
    "load_ms": None,
}


# No item of the jobs table has room for it, packed or not.
LARGE = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(60))


@dataclass
class Yard:
    """What tests of jobs say in one line."""

    api: Callable[..., ApiClient]
    tables: dict[str, Table]
    bucket: Bucket
    queues: dict[str, Queue]

    def user(self, name: str = "ada", **identity: Any) -> ApiClient:
        """A user's client of the jobs function."""
        return self.api("jobs", user=name, **identity)

    def device(self, serial: str = "dev-1") -> ApiClient:
        """A device's client of the devices function."""
        return self.api("devices", device=serial)

    def register(self, serial: str = "dev-1", **fields: Any) -> ApiResponse:
        """Register a device as an administrator."""
        admin = self.api("devices", user="root", admin=True)
        return admin.post("/devices/register", json={"serial": serial, **fields})

    def add(self, serial: str, **fields: Any) -> None:
        """Register a device that is there, free, and serves the models of its registration."""
        answer = self.register(serial, **fields)
        assert answer.status == 201, answer.text
        self.report(serial)

    def report(self, serial: str = "dev-1", **fields: Any) -> None:
        """Let a device say that it is there, and how it is."""
        said = {"ready": True, **fields}
        answer = self.device(serial).post(f"/devices/{serial}/status", json=said)
        assert answer.status == 204, answer.text

    def heal(self, serial: str = "dev-1") -> None:
        """Have an administrator say that a device is well, however often it failed."""
        root = self.api("devices", user="root", admin=True)
        assert root.patch(f"/devices/{serial}", json={"healthy": True}).status == 200

    def submit(self, user: str = "ada", **fields: Any) -> dict[str, Any]:
        """Submit a job that must be accepted."""
        answer = self.user(user).post("/api/jobs", json={"prompt": "Why?", "model": "m", **fields})
        assert answer.status == 202, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def job(self, job_id: str, user: str = "ada") -> dict[str, Any]:
        """The job as its user sees it."""
        document: dict[str, Any] = self.user(user).get(f"/api/jobs/{job_id}").json()
        return document

    def queue(self, serial: str = "dev-1", lane: str = "normal") -> str:
        """The URL of one of a device's queues."""
        device = self.tables["DevicesTable"].get("FLEET", f"DEVICE#{serial}")
        assert device is not None, serial
        return str(device["queue_urls"][lane])

    def receive(
        self, serial: str = "dev-1", lane: str = "normal", visibility_s: int = 60
    ) -> dict[str, Any] | None:
        """The body of the next message of a device's queue, as a runner receives it."""
        answer = aws_client("sqs").receive_message(
            QueueUrl=self.queue(serial, lane), VisibilityTimeout=visibility_s
        )
        for message in answer.get("Messages", ()):
            body: dict[str, Any] = json.loads(message["Body"])
            return body
        return None

    def messages(self, serial: str = "dev-1", lane: str = "normal") -> int:
        """How many messages are visible in a device's queue."""
        name = "ApproximateNumberOfMessages"
        return int(Queue(self.queue(serial, lane)).attributes(name)[name])

    def say(
        self, verb: str, job_id: str, serial: str = "dev-1", fence: str | None = None, **body: Any
    ) -> ApiResponse:
        """What a device says about a job, perhaps with the fence that its claim was given."""
        headers = {} if fence is None else {"X-Evalyard-Attempt": fence}
        place = f"/devices/{serial}/jobs/{job_id}/{verb}"
        return self.device(serial).post(place, json=body, headers=headers)

    def claim(self, job_id: str, serial: str = "dev-1") -> int:
        """Claim a job that must be given; the number of the attempt."""
        answer = self.say("claim", job_id, serial)
        assert answer.status == 200, answer.text
        return int(answer.json()["attempt"])

    def complete(
        self, job_id: str, attempt: int, serial: str = "dev-1", **fields: Any
    ) -> ApiResponse:
        """Report a result."""
        body = {"attempt": attempt, "output": "Because.", "metrics": METRICS, **fields}
        return self.say("complete", job_id, serial, **body)

    def fail(
        self,
        job_id: str,
        attempt: int,
        serial: str = "dev-1",
        *,
        code: str = "runtime_crash",
        retryable: bool = True,
        **fields: Any,
    ) -> ApiResponse:
        """Report a failure."""
        said = {"attempt": attempt, "code": code, "message": "no", "retryable": retryable}
        return self.say("fail", job_id, serial, **said, **fields)

    def sweep(self) -> dict[str, int]:
        """Run the maintenance once; what it did, but for the first count of dead jobs."""
        from functions.maintain_jobs.handler import lambda_handler

        done: dict[str, int] = lambda_handler({}, _PatientContext())
        return {what: times for what, times in done.items() if not what.startswith("recount_")}

    def collect(self, *bodies: object) -> list[str]:
        """Have messages of the dead-letter queue handled; the ids of those that come again."""
        from functions.collect_dead_jobs.handler import lambda_handler

        return _failed(lambda_handler(sqs_event(*bodies), LambdaContext()))

    def deliver(self, *bodies: object) -> list[str]:
        """Have messages of the callbacks queue handled; the ids of those that come again."""
        from functions.deliver_callback.handler import lambda_handler

        return _failed(lambda_handler(sqs_event(*bodies), LambdaContext()))

    def runs(self, user: str = "ada") -> list[Run]:
        """All runs of a user's pending segments."""
        found: list[Run] = []
        for segment in SegmentLog(self.bucket).pending(user):
            body = self.bucket.get(segment.name.key)
            found += decode_runs(body[segment.name.offset :])
        return found

    def rows(self, user: str = "ada") -> list[dict[str, Any]]:
        """All dataset rows of a user's pending segments."""
        found: list[dict[str, Any]] = []
        for segment in SegmentLog(self.bucket).pending(user):
            body = self.bucket.get(segment.name.key)
            found += [json.loads(line) for line in body[: segment.name.offset].splitlines()]
        return found


class _PatientContext(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def sqs_event(*bodies: object, deliveries: int = 1) -> dict[str, Any]:
    """The event that SQS sends for messages, delivered so often; texts are sent as they are, else
    as JSON.
    """
    records = [
        {
            "messageId": f"message-{number}",
            "receiptHandle": "handle",
            "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": {"ApproximateReceiveCount": str(deliveries)},
            "eventSource": "aws:sqs",
        }
        for number, body in enumerate(bodies)
    ]
    return {"Records": records}


def _failed(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
