"""A device without a model: registered and pulling as a runner does, driven step by step."""

import json
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import botocore.session
import httpx

from tests.kit.yard import METRICS

REPORTS_EVERY_S = 20.0


@dataclass
class SimulatedDevice:
    """One device of a running cloud: looks into its queues, claims, and reports.

    `http` carries the device's token; `queues` and `sqs` come from its session.
    """

    serial: str
    http: httpx.Client
    queues: list[str] = field(default_factory=list)
    sqs: Any = None
    _reported_at: float = 0.0

    @classmethod
    def register(cls, admin: httpx.Client, serial: str, **fields: Any) -> "SimulatedDevice":
        """Register a device, and open its session."""
        made = admin.post("/devices/register", json={"serial": serial, **fields})
        made.raise_for_status()
        http = httpx.Client(
            base_url=admin.base_url,
            timeout=60,
            headers={"X-Device-Token": made.json()["device_token"]},
        )
        device = cls(serial, http)
        device.open_session()
        device.report()
        return device

    def open_session(self) -> None:
        """Fetch credentials and queues."""
        said = self._post(f"/devices/{self.serial}/session", {}).json()
        credentials = said["credentials"]
        self.queues = [queue["url"] for queue in said["queues"]]
        self.sqs = botocore.session.get_session().create_client(
            "sqs",
            region_name=said["region"],
            endpoint_url=said["endpoint_url"],
            aws_access_key_id=credentials["access_key_id"],
            aws_secret_access_key=credentials["secret_access_key"],
            aws_session_token=credentials["session_token"],
        )

    def report(self) -> None:
        """Say that it is there."""
        self._reported_at = monotonic()
        self._post(f"/devices/{self.serial}/status", {"ready": True}).raise_for_status()

    def receive(self, urls: list[str] | None = None, wait_s: int = 0) -> tuple[str, Any] | None:
        """The next message: its job's id, and what `delete` takes; None when all are empty.

        Looks into all of its queues, or into these, waiting at each; and says now and then
        that it is there, as nothing would be sent to it otherwise.
        """
        if monotonic() > self._reported_at + REPORTS_EVERY_S:
            self.report()
        for url in urls or self.queues:
            answer = self.sqs.receive_message(
                QueueUrl=url, VisibilityTimeout=60, WaitTimeSeconds=wait_s
            )
            for message in answer.get("Messages", ()):
                job_id = json.loads(message["Body"])["job_id"]
                return job_id, {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        return None

    def claim(self, job_id: str) -> httpx.Response:
        """Ask for a job."""
        return self._job(job_id, "claim", {})

    def complete(self, job_id: str, attempt: int) -> httpx.Response:
        """Report a result."""
        body = {"attempt": attempt, "output": "Because.", "metrics": METRICS}
        return self._job(job_id, "complete", body)

    def run_one(self) -> str | None:
        """Receive, claim, complete and delete one job; its id, None where there was none."""
        received = self.receive()
        if received is None:
            return None
        job_id, handle = received
        claimed = self.claim(job_id)
        if claimed.status_code == 200:
            self.complete(job_id, claimed.json()["attempt"]).raise_for_status()
        if claimed.status_code in (200, 410):
            self.sqs.delete_message(**handle)
        return job_id if claimed.status_code == 200 else None

    def close(self) -> None:
        """Give its connections back."""
        self.http.close()
        self.sqs.close()

    def _job(self, job_id: str, verb: str, body: dict[str, Any]) -> httpx.Response:
        return self._post(f"/devices/{self.serial}/jobs/{job_id}/{verb}", body)

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """The answer; asked again while a function is restarting, as a runner does."""
        for _ in range(20):
            answer = self.http.post(path, json=body)
            if answer.status_code < 500:
                break
        return answer
