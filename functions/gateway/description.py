"""The gateway's paths in the OpenAPI document. Nothing that answers a call imports this."""

from inspect import cleandoc
from typing import Any, Final

import msgspec

from functions.gateway import ollama_description, schemas
from functions.gateway.describing import (
    KEY,
    READS,
    REF,
    REFUSALS,
    described,
    json_answer,
    operation,
    refusals,
    without_parameters,
)

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
    *ollama_description.SHAPES,
)
_EVENTS: Final = """\
Server-sent events: `queued` {"ahead"} (when something is), `started` {"request_id", "device"},
`token` {"i" from 0, "t_ms" since the device's start, "text"}, `usage`, `done` (the answer without
its output, see `AskEnd`), `error` (a problem). With `Accept: application/x-ndjson` one object a
line, with `event` next to its fields. Status and headers leave with the first text, or after ten
seconds; a comment, or an empty line, comes where it would else be silent for ten.
"""


def describe() -> dict[str, Any]:
    """Paths and schemas."""
    _, components = msgspec.json.schema_components(_SHAPES, ref_template=REF)
    return {"paths": {path: _with_ids(path, each) for path, each in _paths().items()}} | {
        "components": {"schemas": {name: _plain(each) for name, each in components.items()}}
    }


def _paths() -> dict[str, dict[str, Any]]:
    return {
        "/ask": {
            "post": _repeatable(
                _native("Ask a model", _ASK, json_answer("AskAnswer", "The answer."))
            )
        },
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
            "post": _native("Ask, with a trace", _TRACE, json_answer("AskTrace", "The answer."))
        },
        "/ask_batch": {
            "post": _native(
                "Ask several", _BATCH, json_answer("AskBatchAnswer", "In order."), "AskBatchBody"
            )
        },
        "/warmup": {
            "post": _native(
                "Make a model ready",
                _WARMUP,
                json_answer("WarmupAnswer", "How they are."),
                "WarmupBody",
            )
        },
        "/ask/{request_id}/cancel": {"post": _cancel()},
        "/v1/chat/completions": {"post": _openai("Chat", _CHAT, "ChatBody", "ChatAnswer")},
        "/v1/completions": {
            "post": _openai("Go on with a text", _TEXT, "CompletionBody", "CompletionAnswer")
        },
        "/v1/models": {"get": _models("List models", "CallableModels", [])},
        "/v1/models/{id}": {"get": _models("Find a model", "CallableModel", [_ID])},
        **ollama_description.paths(),
    }


_ASK: Final = """\
One prompt, answered by a device that serves the model, all at once. Each answered call is one run
in usage, `source_kind` `gateway`, with the device's own figures. `Server-Timing` repeats `phases`.
With an `Idempotency-Key` it may be repeated after a lost answer: that is one call and one run, also
where it was refused (but by 409 or 429); another body is 422 `idempotency_key_reused`.
"""
_BATCH: Final = """\
1 to 64 bodies of `/ask` (none or more: 422 `invalid_batch`), some at once. Each has a status, and
an answer or a problem; one that fails harms no other. Items wait for a place instead of being
refused, and for their turn as long as it takes (10 minutes at most) where they have no `max_wait_s`
of their own.
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
    answers = {"200": answer, **refusals(REFUSALS, "application/problem+json", "Problem")}
    return operation(summary, description, body, answers, "Unauthorized")


def _repeatable(found: dict[str, Any]) -> dict[str, Any]:
    """A call that a key makes repeatable."""
    busy = described(_BUSY, "application/problem+json", "Problem", 409)
    return found | {
        "parameters": [*found["parameters"], KEY],
        "responses": found["responses"] | {"409": busy},
    }


_BUSY: Final = (
    "The call was cancelled while it waited (`cancelled`), or a first call with this "
    "`Idempotency-Key` is under way (`idempotency_in_flight`)."
)


def _cancel() -> dict[str, Any]:
    """A call is stopped by its request id."""
    unknown = "You have no such call under way (`request_not_found`)."
    problem = ("application/problem+json", "Problem")
    answers = {
        "202": json_answer("AskCancelled", "It is being stopped."),
        **refusals(READS, *problem),
        "404": described(unknown, *problem, 404),
    }
    found = operation("Cancel a call", _CANCEL, None, answers, "Unauthorized")
    return found | {"parameters": [_REQUEST_ID]}


def _openai(summary: str, description: str, body: str, schema: str) -> dict[str, Any]:
    whole = json_answer(schema, "The answer; with `stream` its pieces.")
    whole["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    refused = refusals((each for each in REFUSALS if each != 422), *_THEIR_ERROR)
    return operation(summary, description, body, {"200": whole, **refused}, "OpenAiError")


_THEIR_ERROR: Final = ("application/json", "OpenAiError")


def _models(summary: str, schema: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    """The models that a call could have an answer from now."""
    listed = json_answer(schema, "What can be called now.")
    answers = {"200": listed, **refusals(READS, *_THEIR_ERROR)}
    description = "What is answerable now: a device serves it, is ready, and connected for calls."
    found = operation(summary, description, None, answers, "OpenAiError")
    return found | {"parameters": parameters} if parameters else without_parameters(found)


def _with_ids(path: str, operations: dict[str, Any]) -> dict[str, Any]:
    words = "_".join(part.strip("{}") for part in path.split("/") if part)
    return {
        method: {**each, "operationId": f"{method}_{words}"} for method, each in operations.items()
    }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without msgspec's title, which repeats the name, and a docstring's indentation, which Python
    3.13 takes away itself.
    """
    said = {"description": cleandoc(schema["description"])} if "description" in schema else {}
    return {name: value for name, value in schema.items() if name != "title"} | said
