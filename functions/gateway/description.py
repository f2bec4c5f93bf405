"""The gateway's paths in the OpenAPI document. Nothing that answers a call imports this."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any, Final

import msgspec

from functions.gateway import schemas

_REF: Final = "#/components/schemas/{name}"
_SHAPES: Final = (
    schemas.AskBody,
    schemas.AskOptions,
    schemas.ChatBody,
    schemas.AskAnswer,
    schemas.AskEnd,
    schemas.AskTrace,
    schemas.AskCancelled,
    schemas.AskBatchBody,
    schemas.AskBatchAnswer,
    schemas.WarmupBody,
    schemas.WarmupAnswer,
    schemas.ChatAnswer,
    schemas.CompletionBody,
    schemas.CompletionAnswer,
    schemas.CallableModel,
    schemas.CallableModels,
    schemas.OpenAiError,
)
_REFUSALS: Final[Mapping[int, str]] = {
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
_READS: Final = (400, 403, 404, 405, 500, 503)
_PIN: Final = {
    "name": "X-Evalyard-Device",
    "in": "header",
    "required": False,
    "description": "Pins the call to a device, as `name@serial` in `model` does.",
    "schema": {"type": "string", "maxLength": 128},
}
_TAG: Final = {
    "name": "X-Evalyard-Tag",
    "in": "header",
    "required": False,
    "description": "Labels the run.",
    "schema": {"type": "string", "maxLength": 256},
}
_EVENTS: Final = """\
Server-sent events: `queued` {"ahead"} (when something is), `started` {"request_id", "device"},
`token` {"i" from 0, "t_ms" since the device's start, "text"}, `usage`, `done` (the answer without
its output, see `AskEnd`), `error` (a problem). With `Accept: application/x-ndjson` one object a
line, with `event` next to its fields. Status and headers leave with the first text, or after ten
seconds; a comment, or an empty line, comes where it would else be silent for ten.
"""


def describe() -> dict[str, Any]:
    """Paths and schemas."""
    _, components = msgspec.json.schema_components(_SHAPES, ref_template=_REF)
    return {"paths": {path: _with_ids(path, each) for path, each in _paths().items()}} | {
        "components": {"schemas": {name: _plain(each) for name, each in components.items()}}
    }


def _paths() -> dict[str, dict[str, Any]]:
    return {
        "/ask": {"post": _native("Ask a model", _ASK, _json("AskAnswer", "The answer."))},
        "/ask_stream": {
            "post": _native(
                "Ask a model, and read while it writes",
                _EVENTS,
                {
                    "description": "The answer, piece by piece.",
                    "content": {
                        "text/event-stream": {"schema": {"type": "string"}},
                        "application/x-ndjson": {"schema": {"type": "string"}},
                    },
                },
            )
        },
        "/ask_trace": {
            "post": _native("Ask, with a trace", _TRACE, _json("AskTrace", "The answer."))
        },
        "/ask_batch": {
            "post": _native(
                "Ask several", _BATCH, _json("AskBatchAnswer", "In order."), "AskBatchBody"
            )
        },
        "/warmup": {
            "post": _native(
                "Make a model ready", _WARMUP, _json("WarmupAnswer", "How they are."), "WarmupBody"
            )
        },
        "/ask/{request_id}/cancel": {"post": _cancel()},
        "/v1/chat/completions": {"post": _openai("Chat", _CHAT, "ChatBody", "ChatAnswer")},
        "/v1/completions": {
            "post": _openai("Go on with a text", _TEXT, "CompletionBody", "CompletionAnswer")
        },
        "/v1/models": {"get": _models("List models", "CallableModels", [])},
        "/v1/models/{id}": {"get": _models("Find a model", "CallableModel", [_ID])},
    }


_ASK: Final = """\
One prompt, answered by a device that serves the model, all at once. Each answered call is one run
in usage, `source_kind` `gateway`, with the device's own figures. `Server-Timing` repeats `phases`.
"""
_BATCH: Final = """\
1 to 64 bodies of `/ask` (none or more: 422 `invalid_batch`), some at once. Each has a status, and
an answer or a problem; one that fails harms no other. Items wait for a place instead of being
refused.
"""
_WARMUP: Final = """\
Has each device answer one token, which is no run: a server that loads its models has this one
loaded then. Without `device` or `devices`, all of yours that serve the model. A device that cannot
answer has `ready` false, and the reason as `detail`.
"""
_TRACE: Final = """\
As `/ask`, with `spans` (each on the clock that measured it) and `chunks`: when each piece came, in
ms since the device began, and its characters.
"""
_CANCEL: Final = """\
From anywhere, by any key of the same user. A stream ends with `done` and `finish_reason`
`cancelled`; a call that waits is answered 409 `cancelled`.
"""
_REQUEST_ID: Final = {
    "name": "request_id",
    "in": "path",
    "required": True,
    "description": "The `X-Request-Id` of the call: `ask_…`.",
    "schema": {"type": "string"},
}
_CHAT: Final = """\
As OpenAI's: what is not read here goes to the model's server, and what that answers comes back
unchanged (`tool_calls`, `reasoning_content`, `logprobs`). `n` above 1 is refused. With `stream`
only `data:` lines and `data: [DONE]`; usage only with `stream_options.include_usage`. An error in
the middle is `data: {"error": …}` and the end without `[DONE]`. Labels: `X-Evalyard-Tag`, or
`metadata.tag`.
"""
_TEXT: Final = """\
As OpenAI's older call, for base models: one text, which the model goes on with, without a chat's
template. All else is as for `/v1/chat/completions`.
"""
_ID: Final = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "Its name; a slash in it may be percent-encoded.",
    "schema": {"type": "string"},
}


def _native(
    summary: str, description: str, answer: dict[str, Any], body: str = "AskBody"
) -> dict[str, Any]:
    refusals = {
        str(status): _refusal(text, "application/problem+json", "Problem", status)
        for status, text in _REFUSALS.items()
    }
    return _operation(summary, description, body, {"200": answer, **refusals}, "Unauthorized")


def _cancel() -> dict[str, Any]:
    """A call is stopped by its request id."""
    stopped = _json("AskCancelled", "It is being stopped.")
    texts = {**_REFUSALS, 404: "You have no such call under way (`request_not_found`)."}
    refusals = {
        str(status): _refusal(texts[status], "application/problem+json", "Problem", status)
        for status in _READS
    }
    answers = {"202": stopped, **refusals}
    found = _operation("Cancel a call", _CANCEL, None, answers, "Unauthorized")
    return found | {"parameters": [_REQUEST_ID]}


def _openai(summary: str, description: str, body: str, schema: str) -> dict[str, Any]:
    whole = _json(schema, "The answer; with `stream` its pieces.")
    whole["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    refusals = _in_their_words(each for each in _REFUSALS if each != 422)
    return _operation(summary, description, body, {"200": whole, **refusals}, "OpenAiError")


def _models(summary: str, schema: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """The models that a call could have an answer from now."""
    answers = {"200": _json(schema, "What can be called now."), **_in_their_words(_READS)}
    description = "What is answerable now: a device serves it, is ready, and connected for calls."
    found = _operation(summary, description, None, answers, "OpenAiError")
    return found | {"parameters": parameters} if parameters else _without_parameters(found)


def _operation(
    summary: str, description: str, body: str | None, answers: dict[str, Any], unknown: str
) -> dict[str, Any]:
    unauthorized = _refusal(_UNKNOWN_KEY, "application/json", unknown, 401)
    found: dict[str, Any] = {
        "tags": ["LLM gateway"],
        "summary": summary,
        "description": description,
        "parameters": [_PIN, _TAG],
        "security": [{"ApiKey": []}],
        "responses": dict(sorted({**answers, "401": unauthorized}.items())),
    }
    if body is not None:
        content = {"application/json": {"schema": _ref(body)}}
        found["requestBody"] = {"required": True, "content": content}
    return found


_UNKNOWN_KEY: Final = "The API key is missing, unknown, revoked or expired."


def _in_their_words(statuses: Any) -> dict[str, Any]:
    return {
        str(status): _refusal(_REFUSALS[status], "application/json", "OpenAiError", status)
        for status in statuses
    }


def _refusal(description: str, kind: str, schema: str, status: int) -> dict[str, Any]:
    headers = ["X-Request-Id", *(["Retry-After"] if status in (429, 503) else [])]
    return {
        "description": description,
        "content": {kind: {"schema": _ref(schema)}},
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
    }


def _json(schema: str, description: str) -> dict[str, Any]:
    return _refusal(description, "application/json", schema, 200)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}


def _with_ids(path: str, operations: dict[str, Any]) -> dict[str, Any]:
    words = "_".join(part.strip("{}") for part in path.split("/") if part)
    return {
        method: {**each, "operationId": f"{method}_{words}"} for method, each in operations.items()
    }


def _without_parameters(operation: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in operation.items() if name != "parameters"}


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without msgspec's title, which repeats the name, and a docstring's indentation, which Python
    3.13 takes away itself.
    """
    said = {"description": cleandoc(schema["description"])} if "description" in schema else {}
    return {name: value for name, value in schema.items() if name != "title"} | said
