"""What Ollama's paths answer, for the OpenAPI document; nothing that answers a call imports it."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from functions.gateway.ollama_bodies import OllamaToolCall


class OllamaError(msgspec.Struct, frozen=True, kw_only=True):
    """An error as Ollama writes it; `code` is stable, and as that of the native paths' problems."""

    error: str
    code: str


class OllamaFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the last object: why it is the last, and what was measured. Durations are in ns; what was
    not measured is not there.
    """

    model: str
    created_at: str
    done: bool
    done_reason: str | UnsetType = UNSET
    total_duration: int | UnsetType = UNSET
    load_duration: int | UnsetType = UNSET
    prompt_eval_count: int | UnsetType = UNSET
    prompt_eval_duration: int | UnsetType = UNSET
    eval_count: int | UnsetType = UNSET
    eval_duration: int | UnsetType = UNSET
    logprobs: list[dict[str, Any]] | UnsetType = UNSET


class OllamaSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says; its thoughts where its server keeps them apart."""

    role: str
    content: str
    thinking: str | UnsetType = UNSET
    tool_calls: list[OllamaToolCall] | UnsetType = UNSET


class OllamaChatAnswer(OllamaFigures, frozen=True, kw_only=True):
    """A chat's answer, or a piece of one: the last is `done`."""

    message: OllamaSaid


class OllamaGenerateAnswer(OllamaFigures, frozen=True, kw_only=True):
    """A prompt's answer, or a piece of one: the last is `done`."""

    response: str
    thinking: str | UnsetType = UNSET


class OllamaDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Empty: devices do not say them."""

    parent_model: str
    format: str
    family: str
    families: list[str] | None
    parameter_size: str
    quantization_level: str


class OllamaModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that can be called now. `modified_at` and `size` are as Ollama writes what it does
    not know, `digest` is that of the name.
    """

    name: str
    model: str
    modified_at: str
    size: int
    digest: str
    details: OllamaDetails


class OllamaTags(msgspec.Struct, frozen=True, kw_only=True):
    """The models that can be called now."""

    models: list[OllamaModel]


class OllamaVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The version of Ollama whose API is spoken."""

    version: str
