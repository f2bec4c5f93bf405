"""A chat that a caller of the gateway asked for: the request as the model's server gets it, and the
pieces of its answer as they come; no I/O.
"""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Final

from evalyard_runner.backends.openai_recorder import OpenAiRecorder
from evalyard_runner.readings import member, objects_of

Heard = Callable[[dict[str, Any]], None]

_KEPT: Final = ("index", "finish_reason", "logprobs")
_LENGTH_KEYS: Final = ("max_tokens", "max_completion_tokens")


class RelayingRecorder(OpenAiRecorder):
    """Passes each choice on when it comes, and measures it as every answer is measured."""

    def __init__(self, heard: Heard, clock: Callable[[], float] = perf_counter) -> None:
        super().__init__(clock)
        self._heard = heard

    def hear(self, chunk: dict[str, Any]) -> None:
        """Note one chunk, and pass its choices on."""
        super().hear(chunk)
        for choice in objects_of(chunk.get("choices")):
            self._heard(_as_delta(choice))


def relay_body(
    body: Mapping[str, Any], upstream: str, default_max_tokens: int, *, chat: bool
) -> dict[str, Any]:
    """The request, a chat or a text to go on with, always streamed and counted. A base model, which
    knows no roles, continues the texts of the messages.
    """
    wanted = {**body, "model": upstream, "stream": True, "stream_options": {"include_usage": True}}
    wanted.pop("n", None)
    if not any(wanted.get(key) for key in _LENGTH_KEYS):
        wanted["max_tokens"] = default_max_tokens
    if not chat and "prompt" not in wanted:
        messages = objects_of(wanted.pop("messages", []))
        wanted["prompt"] = "\n\n".join(filter(None, map(_text, messages)))
    return wanted


def _as_delta(choice: dict[str, Any]) -> dict[str, Any]:
    """In the form of a piece of a chat, also where the server sent a text or all at once."""
    kept: dict[str, Any] = {name: choice[name] for name in _KEPT if name in choice}
    delta = member(choice, "delta") or member(choice, "message")
    if not delta and choice.get("text"):
        delta = {"content": choice["text"]}
    return {"index": 0, **kept, "delta": delta}


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in objects_of(content))
