"""What the doctor finds, and what it says to do: over answers made here, without the functions."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from evalyard import Evalyard, __version__
from evalyard.cli import exits
from evalyard.cli.running import run
from evalyard.core.sending import Patience
from evalyard.models import Device, Limits

ME = {
    "user_id": "ada",
    "tenant": "ada",
    "admin": False,
    "token_id": "tok_1",
    "scope": "full",
    "created_at": "2026-01-01T00:00:00.000Z",
    "expires_at": None,
    "limits": dict.fromkeys(Limits.__struct_fields__, 1),
}
EMPTY = {"bool": False, "int": 0, "float": 0.0, "str": ""}
DEVICE = {
    **{name: EMPTY[kind] for name, kind in Device.__annotations__.items() if kind in EMPTY},
    "serial": "s25",
    "models": ["m"],
    "queue_tags": ["default"],
    "present": True,
    "ready": True,
    "using": False,
    "state": "available",
    "runner_version": __version__,
}
FORBIDDEN = {"code": "forbidden", "detail": "the token's scope is ingest", "status": 403}


class Service:
    """A deployment in which all is well, until a test says otherwise."""

    def __init__(self) -> None:
        self.date = formatdate(usegmt=True)
        self.answers: dict[str, tuple[int, Any]] = {
            "/ping": (200, {"ok": True}),
            "/accounts/me": (200, ME),
            "/health": (200, {"status": "ok", "checks": {"tables": "ok", "bucket": "ok"}}),
            "/openapi.json": (200, {"info": {"version": __version__}}),
            "/devices": (200, {"data": [DEVICE], "next_cursor": None, "has_more": False}),
        }

    def me(self, **changes: object) -> None:
        self.answers["/accounts/me"] = (200, {**ME, **changes})

    def device(self, **changes: object) -> None:
        page = {"data": [{**DEVICE, **changes}], "next_cursor": None, "has_more": False}
        self.answers["/devices"] = (200, page)

    def answer(self, request: httpx.Request) -> httpx.Response:
        status, body = self.answers[request.url.path]
        content = body if isinstance(body, str) else json.dumps(body)
        return httpx.Response(status, text=content, headers={"date": self.date})


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def examined(service: Service, capsys):
    """Calls the doctor; its exit code and the findings that are not ok."""

    def call(
        *arguments: str, url: str = "https://x.io", token: str = "eyt_x"
    ) -> tuple[int, list[dict[str, str]]]:
        ev = Evalyard(
            url,
            token,
            transport=httpx.MockTransport(service.answer),
            patience=Patience(retries=0),
        )
        code = run(["doctor", *arguments, "--format", "jsonl"], lambda **_: ev)
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return code, [row for row in rows if row["status"] != "ok"]

    return call


def test_nothing_is_found_when_all_is_well(examined) -> None:
    assert examined("-m", "m") == (exits.GOOD, [])


@pytest.mark.parametrize(("token", "finding"), [("eyk_x", "API key"), ("eyd_x", "device's token")])
def test_a_token_is_named_by_its_kind_when_it_is_no_users(examined, token, finding) -> None:
    code, [found] = examined(token=token)

    assert (code, found["check"]) == (exits.NOT_ALLOWED, "token")
    assert finding in found["finding"]
    assert "eyt_" in found["what_to_do"]


def _unanswered(service: Service) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    service.answer = refuse


@pytest.mark.parametrize(
    ("url", "what_to_do"),
    [("https://x.io", "the address of an API?"), ("http://127.0.0.1:8000", "make run")],
)
def test_the_address_is_wrong_when_nothing_answers(service, examined, url, what_to_do) -> None:
    _unanswered(service)

    code, [found] = examined(url=url)

    assert (code, found["check"]) == (exits.OUT_OF_REACH, "address")
    assert what_to_do in found["what_to_do"]


def test_the_address_is_wrong_when_something_else_answers(service, examined) -> None:
    service.answers["/ping"] = (200, "<html>Welcome</html>")

    code, [found] = examined()

    assert (code, found["check"]) == (exits.OUT_OF_REACH, "address")
    assert "is this address an Evalyard API?" in found["finding"]


def test_the_address_is_wrong_when_it_is_that_of_another_service(service, examined) -> None:
    service.answers["/ping"] = (404, {"message": "Not Found"})

    code, [found] = examined(url="http://127.0.0.1:8000")

    assert (code, found["check"]) == (exits.OUT_OF_REACH, "address")
    assert "what answers there is no Evalyard API" in found["finding"]
    assert "make run" not in found["what_to_do"]


@pytest.mark.parametrize(("past", "said"), [("", True), ("127.0.0.1", False)])
def test_a_proxy_is_named_when_one_is_before_the_address(
    service, examined, monkeypatch, past, said
) -> None:
    _unanswered(service)
    monkeypatch.setenv("http_proxy", "http://user:secret@proxy:3128")
    monkeypatch.setenv("no_proxy", past)

    _, [found] = examined(url="http://127.0.0.1:8000")

    assert ("HTTP_PROXY is in between: NO_PROXY=127.0.0.1" in found["what_to_do"]) is said
    assert "secret" not in found["what_to_do"]


def test_the_authority_is_asked_for_when_a_certificate_is_not_trusted(service, examined) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")

    service.answer = refuse

    code, [found] = examined()

    assert (code, found["check"]) == (exits.OUT_OF_REACH, "address")
    assert "SSL_CERT_FILE" in found["what_to_do"]


def test_versions_are_the_matter_when_an_answer_cannot_be_read(service, examined) -> None:
    service.answers["/openapi.json"] = (200, {"info": {"version": "0.0.9"}})
    service.answers["/accounts/me"] = (200, {"user_id": "ada"})

    code, [versions, found] = examined()

    assert (code, found["check"]) == (exits.OUT_OF_REACH, "service")
    assert "the service has 0.0.9" in versions["finding"]
    assert found["what_to_do"] == "update the older one"


def test_the_clock_is_off_when_the_service_says_another_time(service, examined) -> None:
    service.date = formatdate(time.time() + 3_600, usegmt=True)

    code, [found] = examined()

    assert (code, found["check"], found["status"]) == (exits.GOOD, "clock", "warning")
    assert found["finding"].startswith("-3")


def test_another_token_is_needed_when_it_is_unknown_or_expired(service, examined) -> None:
    service.answers["/accounts/me"] = (401, {"message": "Unauthorized"})

    code, [found] = examined()

    assert (code, found["check"]) == (exits.NOT_ALLOWED, "token")
    assert found["finding"] == "it is unknown, revoked or expired (401)"
    assert "evalyard login" in found["what_to_do"]


def test_a_new_token_is_due_when_it_soon_expires(service, examined) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    service.me(expires_at=tomorrow.strftime("%Y-%m-%dT%H:%M:%S.000Z"))

    code, [found] = examined()

    assert (code, found["check"], found["status"]) == (exits.GOOD, "token", "warning")


def test_the_scope_is_said_when_it_is_too_small(service, examined) -> None:
    service.me(scope="ingest")
    service.answers["/devices"] = (403, FORBIDDEN)

    code, [scope, devices] = examined()

    assert code == exits.NOT_ALLOWED
    assert (scope["check"], scope["finding"]) == ("scope", "ingest")
    assert (devices["check"], devices["status"]) == ("devices", "error")
    assert "scope read or full" in devices["what_to_do"]


def test_what_fails_is_named_when_the_service_is_degraded(service, examined) -> None:
    checks = {"tables": "ok", "bucket": "failed"}
    service.answers["/health"] = (503, {"status": "degraded", "checks": checks})

    code, [found] = examined()

    assert (code, found["finding"]) == (exits.GOOD, "degraded: bucket")


@pytest.mark.parametrize(
    ("state", "what_to_do"),
    [("hot", "cool"), ("offline", "runner"), ("low_battery", "charge"), ("unhealthy", "troubles")],
)
def test_a_device_is_named_when_it_cannot_run_jobs(service, examined, state, what_to_do) -> None:
    service.device(state=state, ready=False, not_ready_reason="because")

    code, [found] = examined()

    assert (code, found["check"]) == (exits.GOOD, "devices")
    assert found["finding"] == f"s25 is {state}: because"
    assert what_to_do in found["what_to_do"]


def test_models_are_listed_when_no_device_serves_the_one_that_is_asked_for(examined) -> None:
    code, [found] = examined("-m", "other")

    assert (code, found["status"]) == (exits.NO_DATA, "error")
    assert found["finding"] == "no device serves other; models: m"


def test_versions_are_said_when_service_or_runner_is_another(service, examined) -> None:
    service.answers["/openapi.json"] = (200, {"info": {"version": "9.0.0"}})
    service.device(runner_version="0.0.1")

    code, found = examined("-m", "m")

    assert (code, [each["check"] for each in found]) == (exits.GOOD, ["versions"] * 2)
    assert "the service has 9.0.0" in found[0]["finding"]
    assert "the runner of s25 has 0.0.1" in found[1]["finding"]
