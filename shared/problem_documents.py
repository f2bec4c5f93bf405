"""Problem documents (RFC 9457): what a domain error is to a client, whatever serves it."""

from typing import Any

import msgspec

from shared import errors
from shared.errors import EvalyardError, Fault

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
    (errors.DeviceFailed, 502, "The device failed"),
    (errors.DeviceTimedOut, 504, "The device took too long"),
    (errors.Unavailable, 503, "Unavailable for the moment"),
    (errors.CallRefused, 500, "Internal error"),
)
_DEFAULT_RETRY_AFTER_S = {429: 5, 503: 2}


def status_of(error: EvalyardError) -> int:
    """The HTTP status of a domain error."""
    return _status_and_title(error)[0]


def retry_after_s(error: EvalyardError) -> int | None:
    """After how long the call may be repeated, where that helps."""
    return error.retry_after_s or _DEFAULT_RETRY_AFTER_S.get(status_of(error))


def problem_document(error: EvalyardError, request_id: str | None) -> dict[str, Any]:
    """The problem document of a domain error."""
    status, title = _status_and_title(error)
    document: dict[str, Any] = {
        "type": problem_type(error.error_code),
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
    return document | error.facts


def problem_body(error: EvalyardError, request_id: str | None) -> bytes:
    """The document as it is sent."""
    return msgspec.json.encode(problem_document(error, request_id))


def fault_document(fault: Fault) -> dict[str, Any]:
    """A fault as it stands in `errors`, without the members that say nothing."""
    document = {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
    return document | {
        name: value
        for name, value in (("line", fault.line), ("allowed", fault.allowed))
        if value is not None
    }


def problem_type(code: str) -> str:
    """The URI that names a kind of problem."""
    return f"urn:evalyard:problem:{code}"


def _status_and_title(error: EvalyardError) -> tuple[int, str]:
    for kind, status, title in _STATUSES:
        if isinstance(error, kind):
            return status, title
    return 500, "Internal error"
