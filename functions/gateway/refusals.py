"""How an error leaves: a problem document, on `/v1` the envelope of OpenAI's API, on `/api` as
Ollama's.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from functions.gateway.requests import Request
from shared.errors import EvalyardError, MalformedInput, Unauthenticated
from shared.lambda_stream import StreamedAnswer
from shared.problem_documents import (
    PROBLEM_TYPE,
    UNAUTHORIZED_BODY,
    problem_body,
    problem_type,
    retry_after_s,
    status_of,
)

_METHOD: Final = "method_not_allowed"
_UNKNOWN_KEY: Final = "invalid_api_key"
# https://platform.openai.com/docs/guides/error-codes; clients branch on the status and on `code`.
_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


# Pages of any site may call, the dashboard among them, which is at another address than a stack's
# gateway. A page has nothing but the key that its user gave it: no cookie comes along.
_FROM_PAGES: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ("X-Request-Id, Retry-After, X-Evalyard-Ahead, Server-Timing"),
}
_PREFLIGHT: Final[Mapping[str, str]] = {
    **_FROM_PAGES,
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Content-Encoding, X-Api-Key, X-Evalyard-Device, "
        "X-Evalyard-Tag, Idempotency-Key"
    ),
    "Access-Control-Max-Age": "7200",
}


async def answer_preflight(answer: StreamedAnswer, allowed: list[str]) -> int:
    """Say to a browser what pages may send (https://fetch.spec.whatwg.org, CORS-preflight); it
    sends no key with that. The status. Raises ClientGone.
    """
    headers = {**_PREFLIGHT, "Access-Control-Allow-Methods": ", ".join(allowed)}
    await answer.send(204, headers, b"")
    return 204


async def refuse(
    answer: StreamedAnswer, request: Request, ask_id: str, error: EvalyardError
) -> int:
    """Answer with an error; its status. Raises ClientGone."""
    status = status_of(error)
    if request.is_openai or request.is_ollama:
        # Their clients know 400 for what ours call not acceptable.
        status = 400 if status == 422 else status
        said = envelope(error) if request.is_openai else ollama_error(error)
        kind, body = "application/json", msgspec.json.encode(said)
    elif isinstance(error, Unauthenticated):
        kind, body = "application/json", UNAUTHORIZED_BODY
    else:
        kind, body = PROBLEM_TYPE, problem_body(error, ask_id)
    await answer.send(status, headers_of(ask_id, kind, error), body)
    return status


async def refuse_method(
    answer: StreamedAnswer, request: Request, ask_id: str, allowed: list[str]
) -> int:
    """Answer a method that the path does not have; the status. Raises ClientGone."""
    said = f"{request.method} {request.path}: method not allowed"
    error = MalformedInput(said, code=_METHOD)
    if request.is_openai or request.is_ollama:
        kind = "application/json"
        document = envelope(error) if request.is_openai else ollama_error(error)
    else:
        kind, document = PROBLEM_TYPE, _method_problem(said, ask_id)
    headers = {**headers_of(ask_id, kind), "Allow": ", ".join(allowed)}
    await answer.send(405, headers, msgspec.json.encode(document))
    return 405


def _method_problem(detail: str, ask_id: str) -> dict[str, Any]:
    return {
        "type": problem_type(_METHOD),
        "title": "Method not allowed",
        "status": 405,
        "detail": detail,
        "code": _METHOD,
        "request_id": ask_id,
    }


def envelope(error: EvalyardError) -> dict[str, Any]:
    """An error as OpenAI's API writes it."""
    unknown_key = isinstance(error, Unauthenticated)
    status = status_of(error)
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    param = error.faults[0].pointer.strip("/").split("/")[0] if error.faults else None
    allowed = {} if error.allowed is None else {"allowed": list(error.allowed)}
    return {
        "error": {
            "message": error.detail,
            "type": kind,
            "code": _UNKNOWN_KEY if unknown_key else error.error_code,
            "param": param or None,
            **allowed,
        }
    }


def ollama_error(error: EvalyardError) -> dict[str, Any]:
    """An error as Ollama writes it, with the stable code of the other paths next to its words."""
    unknown_key = isinstance(error, Unauthenticated)
    code = _UNKNOWN_KEY if unknown_key else error.error_code
    return {"error": error.detail, "code": code}


def headers_of(ask_id: str, kind: str, error: EvalyardError | None = None) -> dict[str, str]:
    """What every answer carries; an error also when to come again, and how many wait."""
    headers = {"X-Request-Id": ask_id, "Content-Type": kind, **_FROM_PAGES}
    wait = None if error is None else retry_after_s(error)
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if error is not None and "ahead" in error.facts:
        headers["X-Evalyard-Ahead"] = str(error.facts["ahead"])
    return headers
