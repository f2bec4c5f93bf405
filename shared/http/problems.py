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
from shared.problem_documents import (
    MAX_LISTED_FAULTS,
    PROBLEM_TYPE,
    UNAUTHORIZED_BODY,
    problem_body,
    problem_type,
    retry_after_s,
    status_of,
)

_EXPECTED_VALUES = re.compile(r"'([^']*)'")
_UNKNOWN_MEMBER = "unknown_member"
_FAULT_CODES = {
    "missing": "required",
    "literal_error": "not_allowed",
    "extra_forbidden": _UNKNOWN_MEMBER,
}
_OBJECT_WANTED = "Input should be a JSON object"
# Where pydantic's words are those of Python.
_FAULT_DETAILS = {
    "extra_forbidden": "there is no such member; names are exact, and /openapi.json has them",
    "model_attributes_type": _OBJECT_WANTED,
    "dict_type": _OBJECT_WANTED,
}
_OWN_WORDS = "Value error, "


class EdgeError(HTTPException):
    """A domain error found while FastAPI reads the body, where it lets only HTTPExceptions pass."""

    def __init__(self, error: EvalyardError) -> None:
        super().__init__(status_code=status_of(error))
        self.error = error


def problem_response(request: Request, error: EvalyardError) -> Response:
    """The response for a domain error; a 401 has API Gateway's own body instead."""
    if isinstance(error, Unauthenticated):
        return Response(UNAUTHORIZED_BODY, 401, media_type="application/json")
    status = status_of(error)
    if status >= 500:
        # The cause names the AWS call and its error code, which the caller must not see.
        logger().warning("dependency_failed", exc_info=error)
    wait = retry_after_s(error)
    return Response(
        problem_body(error, _request_id(request)),
        status,
        media_type=PROBLEM_TYPE,
        headers={"Retry-After": str(wait)} if wait else None,
    )


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
        "type": problem_type(code),
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
        "type": problem_type("internal"),
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
    faults = tuple(_fault(entry, exc.body) for entry in found[:MAX_LISTED_FAULTS])
    summary = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults[:3])
    if any(entry["loc"][0] != "body" for entry in found):
        return errors.MalformedInput(summary, code="invalid_parameter", faults=faults)
    if any(entry["loc"] == ("body",) and entry["type"] == "missing" for entry in found):
        return errors.MalformedInput("a JSON body is required", code="malformed_json")
    unknown = any(fault.code == _UNKNOWN_MEMBER for fault in faults)
    code = _UNKNOWN_MEMBER if unknown else "validation_failed"
    return errors.Unacceptable(summary, code=code, faults=faults)


def _fault(entry: dict[str, Any], body: Any) -> Fault:
    place, *path = entry["loc"]
    is_missing = entry["type"] == "missing"
    steps = _in_body(path, body, is_missing) if place == "body" else [place, *path]
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
    expected = entry.get("ctx", {}).get("expected", "") if entry["type"] == "literal_error" else ""
    return Fault(
        pointer,
        _FAULT_CODES.get(entry["type"], entry["type"]),
        _FAULT_DETAILS.get(entry["type"], entry["msg"].removeprefix(_OWN_WORDS)),
        allowed=tuple(_EXPECTED_VALUES.findall(expected)) or None,
    )


def _in_body(path: list[str | int], body: Any, is_missing: bool) -> list[str | int]:
    """The steps that lead into the body: pydantic names members of a union as if they were places.
    The last step to what is missing leads nowhere yet.
    """
    kept = []
    for number, step in enumerate(path):
        inside = _inside(body, step)
        if inside is not _NOWHERE:
            body = inside
        elif not (is_missing and number == len(path) - 1):
            continue
        kept.append(step)
    return kept


_NOWHERE = object()


def _inside(place: Any, step: str | int) -> Any:
    if isinstance(place, dict):
        return place.get(step, _NOWHERE)
    if isinstance(place, list) and isinstance(step, int) and step < len(place):
        return place[step]
    return _NOWHERE


def _request_id(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)
