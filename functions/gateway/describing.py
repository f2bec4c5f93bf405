"""Parts of the descriptions of the gateway's paths: refusals, parameters, operations."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

REF: Final = "#/components/schemas/{name}"
REFUSALS: Final[Mapping[int, str]] = {
    400: "The request cannot be read, or its query has parameters (`unknown_parameter`).",
    403: "Not an API key but a user token, or one whose scope may not do this (`forbidden`).",
    404: "No device of yours serves the model (`model_not_found`, with `allowed`), or the pinned "
    "device is not there (`device_not_found`).",
    405: "The path has other methods (`method_not_allowed`).",
    409: "The call was cancelled while it waited (`cancelled`).",
    413: "A stated limit is exceeded.",
    415: "The media type is not supported.",
    422: "Readable, but not acceptable (`validation_failed`), or refused by the model's server in "
    "its own words (`invalid_argument`).",
    429: "As many calls of yours are under way as may be (`parallel_limit`), as many wait at every "
    "fitting device as it takes (`queue_full`), or none began within `max_wait_s` "
    "(`wait_exceeded`); `ahead` says how many are before you.",
    500: "A fault of the service; repeating the call does not help (`internal`).",
    502: "The device failed, or was not heard of any more (`device_error`).",
    503: "Devices serve the model and none can take the call now (`no_device_ready`), or a "
    "dependency failed: repeat the call after `Retry-After` seconds.",
    504: "The device was not done within `timeout_s` of its start (`timeout`).",
}
READS: Final = (400, 403, 404, 405, 500, 503)


def _header(name: str, description: str, longest: int, **more: Any) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": longest}
    found = {"name": name, "in": "header", "required": False, "description": description}
    return {**found, "schema": schema, **more}


PIN: Final = _header(
    "X-Evalyard-Device", "Pins the call to a device, as `name@serial` in `model` does.", 128
)
TAG: Final = _header("X-Evalyard-Tag", "Labels the run.", 256)
KEY: Final = _header(
    "Idempotency-Key",
    "The same key and body within 24 h replay the first answer.",
    255,
    schema={"type": "string", "minLength": 1, "maxLength": 255},
    example="2f6f0f1e-9a3b-4c57-8f5e-1b1f0f6f8a11",
)


def operation(
    summary: str, description: str, body: str | None, answers: dict[str, Any], unknown: str
) -> dict[str, Any]:
    """A call with an API key; `unknown` is the shape of what it answers without one."""
    unauthorized = described(_UNKNOWN_KEY, "application/json", unknown, 401)
    found: dict[str, Any] = {
        "tags": ["LLM gateway"],
        "summary": summary,
        "description": description,
        "parameters": [PIN, TAG],
        "security": [{"ApiKey": []}],
        "responses": dict(sorted({**answers, "401": unauthorized}.items())),
    }
    if body is not None:
        content = {"application/json": {"schema": _ref(body)}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def without_parameters(described: dict[str, Any]) -> dict[str, Any]:
    """An operation that reads none of the headers which pin and label calls."""
    return {name: value for name, value in described.items() if name != "parameters"}


def refusals(statuses: Iterable[int], kind: str, schema: str) -> dict[str, Any]:
    """Refusals by these statuses, all in one shape."""
    return {str(status): described(REFUSALS[status], kind, schema, status) for status in statuses}


def described(description: str, kind: str, schema: str, status: int) -> dict[str, Any]:
    """One answer."""
    headers = ["X-Request-Id", *(["Retry-After"] if status in (429, 503) else [])]
    return {
        "description": description,
        "content": {kind: {"schema": _ref(schema)}},
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
    }


def json_answer(schema: str, description: str) -> dict[str, Any]:
    """An answer that is what was asked for."""
    return described(description, "application/json", schema, 200)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(name=name)}


_UNKNOWN_KEY: Final = "The API key is missing, unknown, revoked or expired."
