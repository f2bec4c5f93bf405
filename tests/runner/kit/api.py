"""The devices' API (docs/contract.md, Devices), with a memory of what the runner said."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.runner.kit.server import Exchange, FakeServer

TOKEN = "eyd_the_devices_secret"
SERIAL = "bench-1"


class FakeApi(FakeServer):
    """`jobs` are claimable until completed; `answers[verb]` come first, before the usual ones. One
    that is a text is a page that something else than the API shows.
    """

    def __init__(self, queues: list[dict[str, str]] | None = None, serial: str = SERIAL) -> None:
        super().__init__()
        self.serial = serial
        self.queues = queues or []
        self.heartbeat_s = 0.1
        self.jobs: dict[str, dict[str, Any]] = {}
        self.cancelled: set[str] = set()
        self.answers: dict[str, deque[tuple[int, Any]]] = {}
        self.said: list[tuple[str, str, Any]] = []
        self.session_endpoint: str | None = None
        self.channel: dict[str, Any] | None = None
        self.uploads: list[tuple[dict[str, str], bytes]] = []
        self.storage_status = 200
        # What every claim says in its header, and with which headers the attempt spoke then.
        self.fence: str | None = None
        self.fences: list[tuple[str, str | None]] = []
        # A reading that no report and no heartbeat may hold.
        self.dislikes: str | None = None

    def heard(self, verb: str, job_id: str = "") -> list[Any]:
        """The bodies of all `verb` calls so far."""
        return [body for said, job, body in self.said if said == verb and job_id in ("", job)]

    def refuse(self, verb: str, status: int, code: str = "", times: int = 1) -> None:
        """The next `times` calls of `verb` get this problem."""
        problem = {"status": status, "code": code, "detail": "as the test wants it"}
        self.answers.setdefault(verb, deque()).extend([(status, problem)] * times)

    def hide(self, verb: str, status: int, times: int = 1) -> None:
        """The next `times` calls of `verb` are answered by a network's login page."""
        page = (status, "<html>Welcome! Please sign in.</html>")
        self.answers.setdefault(verb, deque()).extend([page] * times)

    def answer(self, exchange: Exchange, body: Any) -> None:
        _, devices, serial, *rest = exchange.path.split("/")
        verb, job_id = rest[-1], rest[1] if len(rest) == 3 else ""
        if exchange.headers.get("X-Device-Token") != TOKEN:
            exchange.send_json(401, {"message": "Unauthorized"})
        elif (devices, serial) != ("devices", self.serial):
            exchange.send_json(403, {"code": "forbidden", "detail": "another device"})
        else:
            self.said.append((verb, job_id, body))
            self.fences.append((verb, exchange.headers.get("X-Evalyard-Attempt")))
            named = {"X-Evalyard-Attempt": self.fence} if self.fence and verb == "claim" else {}
            status, content = self._refusal(verb, body) or self._reply(verb, job_id)
            if isinstance(content, str):
                exchange.send_page(status, content)
            else:
                exchange.send_json(status, content, headers=named)

    def store(self, exchange: Exchange, content: bytes) -> None:
        """The storage behind the signed addresses."""
        self.uploads.append((dict(exchange.headers), content))
        exchange.send_json(self.storage_status, None)

    def _refusal(self, verb: str, body: Any) -> tuple[int, Any] | None:
        said = {"status": body, "heartbeat": (body or {}).get("telemetry")}.get(verb) or {}
        if self.dislikes is None or said.get(self.dislikes) is None:
            return None
        return 422, {"code": "validation_failed", "detail": f"{self.dislikes} is no reading"}

    def _reply(self, verb: str, job_id: str) -> tuple[int, Any]:
        scripted = self.answers.get(verb)
        if scripted:
            return scripted.popleft()
        if verb == "session":
            return 200, self._session()
        if verb == "claim":
            return (200, self.jobs[job_id]) if job_id in self.jobs else (410, {"code": "job_gone"})
        if verb == "heartbeat":
            return 200, {"cancel": job_id in self.cancelled}
        if verb == "log_upload":
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            return 200, {"url": f"{self.url}/storage?signature=secret", "headers": headers}
        if verb == "complete":
            self.jobs.pop(job_id, None)
        return (204, None) if verb == "status" else (200, {})

    def _session(self) -> dict[str, Any]:
        expires_at = datetime.now(UTC) + self.clock_off + timedelta(hours=1)
        return {
            "region": "us-east-1",
            "endpoint_url": self.session_endpoint,
            "credentials": {
                "access_key_id": "AKIDTEST",
                "secret_access_key": "the-aws-secret",
                "session_token": "the-aws-session",
                "expires_at": expires_at.isoformat().replace("+00:00", "Z"),
            },
            "queues": self.queues,
            "visibility_s": 30,
            "heartbeat_s": self.heartbeat_s,
            "channel": self.channel,
        }


def job(**overrides: Any) -> dict[str, Any]:
    """What a claim answers with."""
    return {
        "attempt": 1,
        "model": "tiny",
        "prompt": "the private prompt",
        "system": None,
        "options": {},
        "warmup": 0,
        "repeat": 1,
        "timeout_s": 30,
        "lease_s": 30,
        **overrides,
    }
