"""Sends one request until it is answered: retries, and errors as exceptions."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import Any, TypeVar

import msgspec

from evalyard import __version__
from evalyard.core.wire import Lost, Params, Pause, Reply, Request, Steps
from evalyard.errors import OutOfReach, UnreadableAnswer, family
from evalyard.models import ProblemFault

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How often, and how many seconds in all, a request waits for its turn."""

    retries: int = 6
    max_wait_s: float = 120.0


def get(path: str, params: Params = (), **headers: str) -> Request:
    """A GET."""
    return Request("GET", path, params, headers=headers)


def post(path: str, body: Any = None, params: Params = ()) -> Request:
    """A POST of JSON with an Idempotency-Key of its own, which all its tries keep."""
    return with_json("POST", path, {} if body is None else body, params)


def with_json(method: str, path: str, body: Any, params: Params = ()) -> Request:
    """A request with a JSON body."""
    headers = {"content-type": "application/json"}
    if method == "POST":
        headers["idempotency-key"] = secrets.token_hex(16)
    return Request(method, path, params, msgspec.json.encode(body), headers)


def ask(request: Request, kind: type[T], patience: Patience) -> Steps[T]:
    """The answer of a request as a `kind`; raises ApiError or OutOfReach."""
    reply = yield from exchange(request, patience)
    return decode(reply, kind)


def exchange(request: Request, patience: Patience) -> Steps[Reply]:
    """A reply with a status below 400, after as many tries as `patience` allows."""
    waited, tries = 0.0, 0
    while True:
        outcome = yield request
        tries += 1
        if isinstance(outcome, Reply) and outcome.status < 400:
            return outcome
        delay_s = _delay_s(request, outcome, tries)
        if delay_s is None or tries > patience.retries or waited + delay_s > patience.max_wait_s:
            raise _error(outcome, tries)
        waited += delay_s
        yield Pause(delay_s)


def follow(request: Request, patience: Patience) -> Steps[Reply]:
    """As `exchange`; what is too large for the API is read from the address that it names."""
    reply = yield from exchange(request, patience)
    if reply.status in (302, 303, 307):
        elsewhere = Request("GET", reply.headers["location"], sink=request.sink)
        reply = yield from exchange(elsewhere, patience)
    return reply


def decode(reply: Reply, kind: type[T]) -> T:
    """The body as a `kind`; raises UnreadableAnswer."""
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except msgspec.DecodeError as error:
        raise unreadable(error, reply.status, _request_id(reply)) from error


def convert(value: Any, kind: type[T], status: int = 200) -> T:
    """What was decoded before as a `kind`; raises UnreadableAnswer."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise unreadable(error, status) from error


def unreadable(
    error: msgspec.DecodeError, status: int, request_id: str | None = None
) -> UnreadableAnswer:
    """What to raise for an answer that is not as this version expects it."""
    what = "is this address an Evalyard API?"
    if isinstance(error, msgspec.ValidationError):
        what = (
            f"the service is of another version than this, evalyard {__version__}: update the "
            "older one (`evalyard doctor` shows both)"
        )
    return UnreadableAnswer(
        status=status, code="unreadable_answer", detail=f"{error}; {what}", request_id=request_id
    )


def keyed(request: Request, key: str) -> Request:
    """The request with this Idempotency-Key."""
    return replace(request, headers={**request.headers, "idempotency-key": key})


def _delay_s(request: Request, outcome: Reply | Lost, tries: int) -> float | None:
    """Seconds until the next try; None for what a retry does not cure."""
    backoff_s = min(0.5 * 2 ** (tries - 1), 20.0)
    if isinstance(outcome, Lost):
        return backoff_s if not outcome.sent or _is_repeatable(request) else None
    if outcome.status in (429, 503) or _in_flight(outcome):
        asked_s = _retry_after_s(outcome)
        return backoff_s if asked_s is None else asked_s
    return None


def _is_repeatable(request: Request) -> bool:
    """Whether it does no harm a second time: what was lost may have been carried out."""
    return request.method in ("GET", "HEAD") or "idempotency-key" in request.headers


def _in_flight(reply: Reply) -> bool:
    return reply.status == 409 and _document(reply).get("code") == "idempotency_in_flight"


def _retry_after_s(reply: Reply) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date, which counts from the answer's own Date."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        since = parsedate_to_datetime(reply.headers.get("date", ""))
        return max((until - since).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def _document(reply: Reply) -> dict[str, Any]:
    try:
        return msgspec.json.decode(reply.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _request_id(reply: Reply) -> str | None:
    return reply.headers.get("x-request-id") or reply.headers.get("apigw-requestid")


def _error(outcome: Reply | Lost, tries: int) -> Exception:
    if isinstance(outcome, Lost):
        return OutOfReach(outcome.reason, tries)
    document = _document(outcome)
    text = {name: said for name, said in document.items() if isinstance(said, str)}
    # The authorizer's 401 and answers of proxies are no problem documents.
    phrase = responses.get(outcome.status, "") if not document else ""
    unnamed = "unauthorized" if outcome.status == 401 else f"http_{outcome.status}"
    return family(outcome.status)(
        status=outcome.status,
        code=text.get("code") or unnamed,
        detail=text.get("detail") or text.get("title") or text.get("message") or phrase,
        request_id=text.get("request_id") or _request_id(outcome),
        errors=_each(document.get("errors"), ProblemFault),
        allowed=_each(document.get("allowed"), str),
        retry_after_s=_retry_after_s(outcome),
        document=document,
    )


def _each(values: Any, kind: type[T]) -> list[T]:
    """Those of some values that are of a kind; another version's may be others."""
    found = []
    for value in values if isinstance(values, list) else ():
        with suppress(msgspec.ValidationError):
            found.append(msgspec.convert(value, kind))
    return found
