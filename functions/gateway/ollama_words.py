"""What a model says, in the words of Ollama's API; no I/O."""

import hashlib
from typing import Any, Final

import msgspec

from functions.gateway.collecting import Collected, members_of, reasoning_of, text_of
from shared import clock
from shared.gateway import Answered

# Ollama's own words for a time that is not known.
_UNKNOWN_TIME: Final = "0001-01-01T00:00:00Z"
_NS: Final = 1_000_000


class ChatWords:
    """What a model says, as `/api/chat` words it."""

    def said(self, model: str, text: str, **more: Any) -> dict[str, Any]:
        """An object that says a text; `more` are members of its message."""
        return {**_head(model), "message": {"role": "assistant", "content": text, **more}}

    def piece(self, model: str, choice: dict[str, Any]) -> dict[str, Any] | None:
        """One piece; None where it says nothing by itself."""
        text, thoughts = text_of(choice), reasoning_of(choice)
        if not text and not thoughts:
            return None
        said = self.said(model, text, **({"thinking": thoughts} if thoughts else {}))
        return {**said, **_logprobs(choice.get("logprobs"))}

    def calls(self, model: str, collected: Collected) -> dict[str, Any] | None:
        """The calls of tools; None where there are none."""
        calls = _tool_calls(collected)
        return self.said(model, "", tool_calls=calls) if calls else None

    def whole(self, model: str, collected: Collected) -> dict[str, Any]:
        """All at once."""
        thoughts, calls = collected.reasoning, _tool_calls(collected)
        more = {"thinking": thoughts, "tool_calls": calls}
        said = {name: value for name, value in more.items() if value}
        return {**self.said(model, collected.text, **said), **_logprobs(collected.logprobs())}


class GenerateWords(ChatWords):
    """What a model says, as `/api/generate` words it."""

    def said(self, model: str, text: str, **more: Any) -> dict[str, Any]:
        """An object that says a text."""
        return {**_head(model), "response": text, **more}


def _tool_calls(collected: Collected) -> list[dict[str, Any]]:
    """With their arguments as objects; what is none is handed on under the name `arguments`."""
    return [
        {
            **({"id": call["id"]} if "id" in call else {}),
            "function": _function(members_of(call.get("function"))),
        }
        for call in collected.message().get("tool_calls", [])
    ]


def _function(function: dict[str, Any]) -> dict[str, Any]:
    said = function.get("arguments") or "{}"
    try:
        arguments = msgspec.json.decode(said) if isinstance(said, str) else said
    except msgspec.DecodeError:
        arguments = said
    whole = arguments if isinstance(arguments, dict) else {"arguments": arguments}
    return {"name": function.get("name", ""), "arguments": whole}


def _head(model: str) -> dict[str, Any]:
    return {"model": model, "created_at": clock.iso(clock.now_us())}


def last_of(answered: Answered) -> dict[str, Any]:
    """Why it is the last, and the figures: in ns, of what was measured."""
    phases = answered.phases
    found = {
        "total_duration": _ns(phases.total_ms),
        "load_duration": _ns(phases.load_ms),
        "prompt_eval_count": answered.count("prompt_tokens"),
        "prompt_eval_duration": _ns(phases.prefill_ms),
        "eval_count": answered.count("completion_tokens"),
        "eval_duration": _ns(phases.decode_ms),
    }
    reason = answered.finish_reason or "stop"
    known = {name: value for name, value in found.items() if value is not None}
    return {"done": True, "done_reason": "stop" if reason == "tool_calls" else reason, **known}


def _logprobs(said: Any) -> dict[str, Any]:
    content = members_of(said).get("content")
    return {"logprobs": content} if content else {}


def tag_of(name: str) -> dict[str, Any]:
    """One model. What devices do not say is as Ollama leaves it where it does not know."""
    return {
        "name": name,
        "model": name,
        "modified_at": _UNKNOWN_TIME,
        "size": 0,
        "digest": hashlib.sha256(name.encode()).hexdigest(),
        "details": {
            "parent_model": "",
            "format": "",
            "family": "",
            "families": None,
            "parameter_size": "",
            "quantization_level": "",
        },
    }


def _ns(ms: float | None) -> int | None:
    return None if ms is None else round(ms * _NS)
