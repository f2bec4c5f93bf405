"""Turns a job's options into the body of a request, OpenAI's or Ollama's; no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_OURS: Final = frozenset({"model", "messages", "prompt", "stream", "stream_options", "n"})
_LENGTH_KEYS: Final = frozenset({"max_tokens", "max_completion_tokens"})
# What Ollama takes next to `options`, not among them.
_OLLAMA_BESIDE: Final = frozenset({"format", "keep_alive", "think"})


@dataclass(frozen=True)
class Generation:
    """One run of a model: what to say to it, and how."""

    model: str
    prompt: str = field(repr=False)
    system: str | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


def chat_body(generation: Generation, upstream: str, default_max_tokens: int) -> dict[str, Any]:
    """The body of `/v1/chat/completions`."""
    common = _common(generation, upstream, default_max_tokens)
    return {**common, "messages": _messages(generation)}


def plain_body(generation: Generation, upstream: str, default_max_tokens: int) -> dict[str, Any]:
    """The body of `/v1/completions`, for base models that know no roles: they continue the text."""
    parts = (generation.system, generation.prompt)
    text = "\n\n".join(part for part in parts if part)
    return {**_common(generation, upstream, default_max_tokens), "prompt": text}


def ollama_body(generation: Generation, upstream: str, default_max_tokens: int) -> dict[str, Any]:
    """The body of Ollama's `/api/chat`; its options have the names that jobs use."""
    given = {key: value for key, value in generation.options.items() if key not in _OURS}
    lengths = [given.pop(key, None) for key in ("num_predict", *sorted(_LENGTH_KEYS))]
    options = {key: value for key, value in given.items() if key not in _OLLAMA_BESIDE}
    options["num_predict"] = next(filter(None, lengths), default_max_tokens)
    if isinstance(options.get("stop"), str):
        options["stop"] = [options["stop"]]
    beside = {key: value for key, value in given.items() if key in _OLLAMA_BESIDE}
    messages = _messages(generation)
    return {**beside, "model": upstream, "messages": messages, "stream": True, "options": options}


def _messages(generation: Generation) -> list[dict[str, str]]:
    said = [("system", generation.system), ("user", generation.prompt)]
    return [{"role": role, "content": text} for role, text in said if text]


def _common(generation: Generation, upstream: str, default_max_tokens: int) -> dict[str, Any]:
    """The user's options, but never those that would change what is measured."""
    options = {key: value for key, value in generation.options.items() if key not in _OURS}
    num_predict = options.pop("num_predict", None)
    if not _LENGTH_KEYS & options.keys():
        options["max_tokens"] = num_predict or default_max_tokens
    return {**options, "model": upstream, "stream": True, "stream_options": {"include_usage": True}}
