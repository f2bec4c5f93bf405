"""The one place where errors become responses (RFC 9457 problem documents)."""

import re
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from shared import errors
from shared.errors import EvalyardError, Fault, Unauthenticated
from shared.observability import logger

MAX_LISTED_FAULTS = 100
PROBLEM_TYPE = "application/problem+json"
UNAUTHORIZED_BODY = b'{"message":"Unauthorized"}'

_STATUSES: tuple[tuple[type[EvalyardError], int, str], ...] = (
    (errors.MalformedInput, 400, "The request cannot be read"),
    (errors.Unauthenticated, 401, "Unauthorized"),
    (errors.Forbidden, 403, "Not allowed"),
    (errors.NotFound, 404, "Not found"),
    (errors.Conflict, 409, "Conflicts with the present state"),
    (errors.Gone, 410, "Gone"),
    (errors.TooLarge, 413, "Too large"),
    (errors.UnsupportedMedia, 415, "Unsupported media type"),
    (errors.Unacceptable, 422, "Not acceptable"),
    (errors.TooManyRequests, 429, "Too many requests"),
    (errors.Unavailable, 503, "Unavailable for the moment"),
    (errors.CallRefused, 500, "Internal error"),
)
_DEFAULT_RETRY_AFTER_S = {429: 5, 503: 2}
_TYPE_STEP = re.compile(r"(str|int|float|bool|list|dict|none)(\[.*\])?")
_EXPECTED_VALUES = re.compile(r"'([^']*)'")
_UNKNOWN_MEMBER = "unknown_member"
_FAULT_CODES = {
    "missing": "required",
    "literal_error": "not_allowed",
    "extra_forbidden": _UNKNOWN_MEMBER,
}


class EdgeError(HTTPException):
    """A domain error found while FastAPI reads the body, where it lets only HTTPExceptions pass."""

    def __init__(self, error: EvalyardError) -> None:
        super().__init__(status_code=status_of(error))
        self.error = error


def status_of(error: EvalyardError) -> int:
    """The HTTP status of a domain error."""
    return _status_and_title(error)[0]


def problem_response(request: Request, error: EvalyardError) -> Response:
    """The response for a domain error; a 401 has API Gateway's own body instead."""
    if isinstance(error, Unauthenticated):
        return Response(UNAUTHORIZED_BODY, 401, media_type="application/json")
    status = status_of(error)
    if status >= 500:
        # The cause names the AWS call and its error code, which the caller must not see.
        logger().warning("dependency_failed", exc_info=error)
    wait = error.retry_after_s or _DEFAULT_RETRY_AFTER_S.get(status)
    return Response(
        problem_body(error, _request_id(request)),
        status,
        media_type=PROBLEM_TYPE,
        headers={"Retry-After": str(wait)} if wait else None,
    )


def problem_body(error: EvalyardError, request_id: str | None) -> bytes:
    """The problem document of a domain error."""
    status, title = _status_and_title(error)
    document: dict[str, Any] = {
        "type": _type(error.error_code),
        "title": title,
        "status": status,
        "detail": error.detail,
        "code": error.error_code,
        "request_id": request_id,
    }
    if error.faults:
        document["errors"] = [fault_document(fault) for fault in error.faults[:MAX_LISTED_FAULTS]]
    if error.allowed is not None:
        document["allowed"] = list(error.allowed)
    return msgspec.json.encode(document | error.facts)


def install_problem_handlers(app: FastAPI) -> None:
    """Route every way of failing through `problem_response`."""
    app.add_exception_handler(EvalyardError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unforeseen)


async def _on_domain_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, EvalyardError)
    return problem_response(request, exc)


async def _on_validation_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)
    return problem_response(request, validation_error(exc))


async def _on_http_exception(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    if isinstance(exc, EdgeError):
        return problem_response(request, exc.error)
    code, title = _HTTP_CODES.get(exc.status_code, ("http_error", "Not possible"))
    document = {
        "type": _type(code),
        "title": title,
        "status": exc.status_code,
        "detail": f"{request.method} {request.url.path}: {title.lower()}",
        "code": code,
        "request_id": _request_id(request),
    }
    return Response(
        msgspec.json.encode(document),
        exc.status_code,
        media_type=PROBLEM_TYPE,
        headers={"Allow": _allowed_methods(request)} if exc.status_code == 405 else exc.headers,
    )


def _allowed_methods(request: Request) -> str:
    """All methods of the path: it is served by a route for each."""
    routes = iter_route_contexts(request.app.routes)
    fitting = (one.methods or () for one in routes if one.path_regex.match(request.url.path))
    return ", ".join(sorted({method for methods in fitting for method in methods}))


async def _on_unforeseen(request: Request, _: Exception) -> Response:
    logger().exception("request_failed")
    document = {
        "type": _type("internal"),
        "title": "Internal error",
        "status": 500,
        "detail": "A fault of the service; the request id identifies it in the logs.",
        "code": "internal",
        "request_id": _request_id(request),
    }
    return Response(msgspec.json.encode(document), 500, media_type=PROBLEM_TYPE)


_HTTP_CODES = {
    404: ("route_not_found", "No such path"),
    405: ("method_not_allowed", "Method not allowed"),
}


def validation_error(exc: RequestValidationError) -> EvalyardError:
    """What FastAPI found wrong: parameters are malformed (400), body fields unacceptable (422)."""
    found = exc.errors()
    faults = tuple(_fault(entry) for entry in found[:MAX_LISTED_FAULTS])
    summary = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults[:3])
    if any(entry["loc"][0] != "body" for entry in found):
        return errors.MalformedInput(summary, code="invalid_parameter", faults=faults)
    if any(entry["loc"] == ("body",) and entry["type"] == "missing" for entry in found):
        return errors.MalformedInput("a JSON body is required", code="malformed_json")
    unknown = any(fault.code == _UNKNOWN_MEMBER for fault in faults)
    code = _UNKNOWN_MEMBER if unknown else "validation_failed"
    return errors.Unacceptable(summary, code=code, faults=faults)


def _fault(entry: dict[str, Any]) -> Fault:
    place, *path = entry["loc"]
    # Pydantic names the members of a union as if they were places.
    path = [step for step in path if not _TYPE_STEP.fullmatch(str(step))]
    steps = path if place == "body" else [place, *path]
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
    expected = entry.get("ctx", {}).get("expected", "") if entry["type"] == "literal_error" else ""
    allowed = tuple(_EXPECTED_VALUES.findall(expected)) or None
    return Fault(
        pointer, _FAULT_CODES.get(entry["type"], entry["type"]), entry["msg"], allowed=allowed
    )


def _status_and_title(error: EvalyardError) -> tuple[int, str]:
    for kind, status, title in _STATUSES:
        if isinstance(error, kind):
            return status, title
    return 500, "Internal error"


def fault_document(fault: Fault) -> dict[str, Any]:
    """A fault as it stands in `errors`, without the members that say nothing."""
    document = {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
    return document | {
        name: value
        for name, value in (("line", fault.line), ("allowed", fault.allowed))
        if value is not None
    }


def _type(code: str) -> str:
    return f"urn:evalyard:problem:{code}"


def _request_id(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)
