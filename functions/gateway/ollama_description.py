"""Ollama's paths in the OpenAPI document. Nothing that answers a call imports this."""

from typing import Any, Final

from functions.gateway import ollama_schemas as answers
from functions.gateway.describing import (
    READS,
    REFUSALS,
    json_answer,
    operation,
    refusals,
    without_parameters,
)
from functions.gateway.ollama_bodies import OllamaChatBody, OllamaGenerateBody

SHAPES: Final = (
    OllamaChatBody,
    OllamaGenerateBody,
    answers.OllamaChatAnswer,
    answers.OllamaGenerateAnswer,
    answers.OllamaTags,
    answers.OllamaVersion,
    answers.OllamaError,
)
_THEIR_ERROR: Final = ("application/json", "OllamaError")
_COMMON: Final = """\
As Ollama's, for its clients: streamed as an object a line unless `stream` is false; the last is
`done` and has the figures, those in ns. An error in the middle is a line with `error`. Options say
how to generate; those that say how to load a model, and `keep_alive`, are the device's own
business. A name without a tag means `latest`, too; `name@serial` pins the call to a device.
"""
_CHAT: Final = f"{_COMMON}Without messages the model is made ready, which is no run.\n"
_GENERATE: Final = f"""\
{_COMMON}With `raw` or a `suffix` the model goes on with the text, without a chat's template.
Without a prompt the model is made ready, which is no run. `template` and `context` are refused.
"""
_TAGS: Final = "What is answerable now: a device serves it, is ready, and connected for calls."
_VERSION: Final = "The version whose API this is; clients compare it with what they need."


def paths() -> dict[str, dict[str, Any]]:
    """The operations by path and method."""
    return {
        "/api/chat": {"post": _call("Chat, as by Ollama", _CHAT, "Chat")},
        "/api/generate": {"post": _call("Generate, as by Ollama", _GENERATE, "Generate")},
        "/api/tags": {"get": _read("List models, as by Ollama", _TAGS, "OllamaTags")},
        "/api/version": {"get": _read("Version of Ollama's API", _VERSION, "OllamaVersion")},
    }


def _call(summary: str, description: str, name: str) -> dict[str, Any]:
    whole = json_answer(f"Ollama{name}Answer", "With `stream` false the answer, else its pieces.")
    whole["content"]["application/x-ndjson"] = {"schema": {"type": "string"}}
    refused = refusals((each for each in REFUSALS if each != 422), *_THEIR_ERROR)
    found = {"200": whole, **refused}
    return operation(summary, description, f"Ollama{name}Body", found, "OllamaError")


def _read(summary: str, description: str, schema: str) -> dict[str, Any]:
    found = {"200": json_answer(schema, "As it is now."), **refusals(READS, *_THEIR_ERROR)}
    said = operation(summary, description, None, found, "OllamaError")
    return without_parameters(said)
