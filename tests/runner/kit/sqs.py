"""SQS's JSON protocol for a runner in another process: one queue, or those of this process."""

import json
from typing import Any

from botocore import xform_name

from tests.runner.kit.server import Exchange, FakeServer


class FakeSqs(FakeServer):
    """`waiting` bodies are received in order; `deleted`, `given_back`: what became of them."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[str] = []
        self.held: dict[str, str] = {}
        self.deleted: list[str] = []
        self.given_back: list[str] = []

    @property
    def queue_url(self) -> str:
        return f"{self.url}/000000000000/jobs"

    def send(self, job_id: str) -> None:
        self.waiting.append(json.dumps({"job_id": job_id, "attempt": 0}))

    def answer(self, exchange: Exchange, body: dict[str, Any]) -> None:
        operation = str(exchange.headers["X-Amz-Target"]).rpartition(".")[2]
        exchange.send_json(200, getattr(self, operation)(body))

    def ReceiveMessage(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - SQS's own name
        if not self.waiting:
            return {}
        receipt = f"receipt-{len(self.held)}"
        self.held[receipt] = self.waiting.pop(0)
        message = {"MessageId": receipt, "ReceiptHandle": receipt, "Body": self.held[receipt]}
        return {"Messages": [message]}

    def DeleteMessage(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - SQS's own name
        self.deleted.append(self.held[body["ReceiptHandle"]])
        return {}

    def ChangeMessageVisibility(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - so
        if body["VisibilityTimeout"] == 0:
            self.given_back.append(self.held[body["ReceiptHandle"]])
        return {}


class SharedSqs(FakeServer):
    """The queues of a client of this process, for others."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._client = client

    def answer(self, exchange: Exchange, body: dict[str, Any]) -> None:
        operation = str(exchange.headers["X-Amz-Target"]).rpartition(".")[2]
        said = getattr(self._client, xform_name(operation))(**body)
        exchange.send_json(200, {name: said[name] for name in said if name != "ResponseMetadata"})
