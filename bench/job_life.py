"""One job's life through the real functions, step by step, and what each step takes."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from bench.job_bodies import LARGE, PROMPT, REPORT, TELEMETRY
from bench.metering import Amounts, Meter
from bench.prices import PriceBook
from bench.units import item_bytes
from shared.aws import Table
from shared.aws.attributes import encode_item
from shared.devices import HEARTBEAT_S
from shared.packing import unpacked
from tests.kit.cloud import aws_client
from tests.kit.faults import watched_calls
from tests.kit.gateway import ApiClient, ApiResponse, LambdaContext
from tests.kit.yard import sqs_event
from tools.template import Template

RUN_S = 30
HEARTBEATS = RUN_S // HEARTBEAT_S
SERIAL, USER = "pi-5", "ada"
_FOLDS = "AggregateUsage"
# More than the index is asked for at once.
_CROWD = 16
Step = Callable[[], Amounts]


class Life:
    """Jobs of one user on one device; made over an AWS that has the template's resources.

    Every step returns what it took. Steps of a job work on the job submitted last.
    """

    def __init__(self, template: Template, book: PriceBook, callback_url: str) -> None:
        self._template, self._book, self._callback_url = template, book, callback_url
        self._meter = Meter()
        self._job_id, self._receipt, self._attempt = "", {}, 0
        self._prompt, self._said_more = PROMPT, {}
        self._segment_event: dict[str, Any] = {}
        # A device's token is made by a live one of its administrator.
        maker = {"pk": "TOKEN_ID#t", "sk": "TOKEN", "user_id": USER}
        Table(template.physical["AccountsTable"]).put(maker)
        registered = self._api("Devices", _user(admin=True)).post(
            "/devices/register", json={"serial": SERIAL, "models": ["m"]}
        )
        self._token = registered.json()["device_token"]
        self._bucket = template.physical["DataBucket"]
        device = Table(template.physical["DevicesTable"]).get("FLEET", f"DEVICE#{SERIAL}") or {}
        self._queue_url = str(device["queue_urls"]["normal"])
        self.report()
        # Of a first job some things are special: lines, secrets and the day are new, and no fold
        # is planned for a user who was never folded.
        for name, step in self.steps().items():
            if name != "find it planned":
                step()

    def steps(self) -> dict[str, Step]:
        """A job's steps in their order."""
        return {
            "authorize": self.authorize,
            "submit": self.submit,
            "receive": self.receive,
            "claim": self.claim,
            "heartbeat": self.heartbeat,
            "extend the message": self.extend,
            "complete": self.complete,
            "delete the message": self.delete,
            "deliver the callback": self.deliver,
            "read the result": self.read,
            "plan a fold": self.put_off,
            "find it planned": self.see_planned,
            "fold": self.fold,
        }

    def authorize(self) -> Amounts:
        """The authorizer is asked about the device's token."""
        event = {"identitySource": [self._token]}
        return self._invoked("AuthorizeRequest", event)

    def submit(self) -> Amounts:
        """A user submits a job."""
        body = {"prompt": self._prompt, "model": "m", "callback_url": self._callback_url}
        answer, amounts = self._asked("Jobs", "POST", "/api/jobs", body)
        self._job_id = answer.json()["job_id"]
        return amounts

    def receive(self) -> Amounts:
        """The request that brings the message; those that brought none belong to the month."""
        with self._metered() as amounts:
            url = self._queue_url
            (message,) = aws_client("sqs").receive_message(QueueUrl=url)["Messages"]
        self._job_id = json.loads(message["Body"])["job_id"]
        self._receipt = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        return amounts

    def claim(self) -> Amounts:
        """The device takes the job."""
        answer, amounts = self._said("claim", {})
        self._attempt = answer.json()["attempt"]
        return amounts

    def report(self) -> Amounts:
        """The device says how it is."""
        said = {"ready": True, "using": True, "models": ["m"], "job_id": self._job_id, **TELEMETRY}
        return self._asked("Devices", "POST", f"/devices/{SERIAL}/status", said)[1]

    def heartbeat(self) -> Amounts:
        """The device extends its lease, and says how it is."""
        return self._said("heartbeat", {"telemetry": TELEMETRY})[1]

    def extend(self) -> Amounts:
        """The device extends its message: with the first heartbeat, and the next after 30 s."""
        with self._metered() as amounts:
            aws_client("sqs").change_message_visibility(VisibilityTimeout=60, **self._receipt)
        return amounts

    def complete(self) -> Amounts:
        """The device reports its result."""
        return self._said("complete", REPORT | self._said_more)[1]

    def delete(self) -> Amounts:
        """The device deletes the message."""
        with self._metered() as amounts:
            aws_client("sqs").delete_message(**self._receipt)
        return amounts

    def deliver(self) -> Amounts:
        """The callback's message is received, delivered and deleted by the function's poller."""
        with self._metered() as polled:
            url = self._template.physical["CallbacksQueue"]
            (message,) = aws_client("sqs").receive_message(QueueUrl=url)["Messages"]
            aws_client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return polled + self._invoked("DeliverCallback", sqs_event(message["Body"]))

    def read(self) -> Amounts:
        """The user reads the result."""
        return self._asked("Jobs", "GET", f"/api/jobs/{self._job_id}/result")[1]

    def put_off(self) -> Amounts:
        """S3's event names the segment, which is too young to be folded, and none is planned."""
        url = self._template.physical["SegmentEventsQueue"]
        told = self._told()
        aws_client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(told))
        (message,) = aws_client("sqs").receive_message(QueueUrl=url)["Messages"]
        self._segment_event = sqs_event(told)
        (record,) = self._segment_event["Records"]
        record["receiptHandle"] = message["ReceiptHandle"]
        # S3 sends the message, the poller receives it.
        with self._metered() as amounts:
            answer = _handler(self._template, _FOLDS)(self._segment_event, LambdaContext())
        if not answer["batchItemFailures"]:
            raise RuntimeError("the segment was not put off")
        record["attributes"] = {"ApproximateReceiveCount": "2"}
        return amounts + Counter(sqs_request=2) + self._invocation(_FOLDS, "FoldPutOff")

    def see_planned(self) -> Amounts:
        """S3's event of another run comes when a fold is planned: S3 sends the message, the
        poller receives and deletes it.
        """
        event = sqs_event(self._told())
        event["Records"][0]["receiptHandle"] = "any"
        with self._metered() as amounts:
            answer = _handler(self._template, _FOLDS)(event, LambdaContext())
        if answer["batchItemFailures"]:
            raise RuntimeError("no fold was planned")
        return amounts + Counter(sqs_request=3) + self._invocation(_FOLDS, "FoldPutOff")

    def fold(self) -> Amounts:
        """The message comes again, and the function folds what is pending by then; the poller
        receives and deletes it.
        """
        return Counter(sqs_request=2) + self._invoked(_FOLDS, self._segment_event)

    def _told(self) -> dict[str, Any]:
        found = aws_client("s3").list_objects_v2(Bucket=self._bucket, Prefix=f"segments/{USER}/")
        return {"Records": [{"s3": {"object": {"key": found["Contents"][-1]["Key"]}}}]}

    @contextmanager
    def saying_more(self) -> Iterator[None]:
        """Ask and report more than any item has room for."""
        self._prompt, self._said_more = LARGE, {"output": LARGE}
        yield
        self._prompt, self._said_more = PROMPT, {}

    def bodies(self) -> list[tuple[int, int]]:
        """The sizes of the bodies of the job submitted last: each as an item, and as an object. Of
        small ones, which are items.
        """
        table = Table(self._template.physical["JobsTable"])
        items = list(table.query(f"USER#{USER}", prefix=f"BODY#{self._job_id}#"))
        return [(item_bytes(encode_item(item)), len(unpacked(item["body"]))) for item in items]

    def run_others(self, jobs: int) -> None:
        """Further jobs whose runs are pending when the next fold comes."""
        for _ in range(jobs):
            for step in (self.submit, self.receive, self.claim, self.complete, self.delete):
                step()

    def crowded(self) -> Amounts:
        """Submitting one job and completing another while many of the user wait for the device.

        Leaves them where they are: nothing can be asked of this life after it.
        """
        for _ in range(_CROWD):
            self.submit()
        submitted = self.submit()
        self.receive()
        self.claim()
        return submitted + self.complete()

    def session(self) -> Amounts:
        """The device gets new credentials."""
        return self._asked("Devices", "POST", f"/devices/{SERIAL}/session", {})[1]

    def queues(self) -> int:
        """How many queues the device looks into."""
        answer = self._asked("Devices", "POST", f"/devices/{SERIAL}/session", {})[0]
        return len(answer.json()["queues"])

    def _said(self, verb: str, body: dict[str, Any]) -> tuple[ApiResponse, Amounts]:
        path = f"/devices/{SERIAL}/jobs/{self._job_id}/{verb}"
        return self._asked("Devices", "POST", path, {"attempt": self._attempt, **body})

    def _asked(
        self, function: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[ApiResponse, Amounts]:
        """A request through the API, by the caller that this function has in a job's life."""
        caller = {"kind": "device", "serial": SERIAL} if function == "Devices" else _user()
        sent = {} if body is None else {"json": body}
        with self._metered() as amounts:
            answer = self._api(function, caller).request(method, path, **sent)
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.text}")
        return answer, amounts + self._book.http_request() + self._invocation(function)

    def _invoked(self, function: str, event: dict[str, Any]) -> Amounts:
        with self._metered() as amounts:
            answer = _handler(self._template, function)(event, LambdaContext())
        if answer.get("batchItemFailures"):
            raise RuntimeError(f"{function} failed: {json.dumps(answer)}")
        return amounts + self._invocation(function)

    def _invocation(self, function: str, takes_as: str | None = None) -> Amounts:
        """An invocation; `takes_as` names its duration in the price book, where it is another."""
        memory_mb = self._template.functions()[function]["Properties"]["MemorySize"]
        return self._book.invocation(takes_as or function, memory_mb)

    def _api(self, function: str, caller: dict[str, str]) -> ApiClient:
        return ApiClient(_handler(self._template, function), caller)

    @contextmanager
    def _metered(self) -> Iterator[Amounts]:
        """What is called in here, filled in at the end."""
        amounts: Amounts = Counter()
        self._meter.amounts = Counter()
        with watched_calls(self._meter):
            yield amounts
        amounts.update(self._meter.amounts)


def _user(*, admin: bool = False) -> dict[str, str]:
    known = {"kind": "user", "user_id": USER, "tenant": USER, "token_id": "t"}
    return {**known, "admin": "true" if admin else "false"}


def _handler(template: Template, function: str) -> Any:
    module, _, name = template.functions()[function]["Properties"]["Handler"].rpartition(".")
    return getattr(import_module(module), name)
