"""Bodies of `/api/chat` and `/api/generate`, and the requests of OpenAI's API that say the same.

What Ollama's clients may say: https://github.com/ollama/ollama/blob/main/docs/api.md; no I/O. What
only says how a model is loaded (`keep_alive`, `num_ctx`, …) is the device's own business.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from functions.gateway.schemas import MAX_PROMPT_CHARACTERS, ModelName
from shared.errors import Fault, MalformedInput

Request = dict[str, Any]
_Text = Annotated[str, Meta(max_length=MAX_PROMPT_CHARACTERS)]

# Of Ollama's options those with which it loads a model.
_OF_LOADING: Final = frozenset(
    {
        "num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "num_keep", "numa", "low_vram",
        "use_mmap", "use_mlock", "f16_kv", "vocab_only", "logits_all",
    }
)  # fmt: skip
# How images begin, as base64: https://en.wikipedia.org/wiki/List_of_file_signatures.
_IMAGES: Final = {"iVBOR": "png", "R0lGO": "gif", "UklGR": "webp"}


class OllamaFunction(msgspec.Struct, frozen=True, kw_only=True):
    """What a model calls; unlike OpenAI's, its arguments are an object."""

    name: str
    arguments: dict[str, Any] = {}


class OllamaToolCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call of a tool; older clients know no ids."""

    function: OllamaFunction
    id: str | None = None


class OllamaMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a chat; `images` are base64."""

    role: str
    content: _Text | None = ""
    thinking: str | None = None
    images: list[str] | None = None
    tool_calls: list[OllamaToolCall] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None


class OllamaWishes(msgspec.Struct, frozen=True, kw_only=True):
    """What chats and texts have in common. `options` and other members of Ollama's that are not
    read here have no effect.
    """

    model: ModelName
    stream: bool | None = True
    format: Literal["", "json"] | dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    think: bool | Literal["", "low", "medium", "high"] | None = None
    keep_alive: str | float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None


class OllamaChatBody(OllamaWishes, frozen=True, kw_only=True):
    """A chat. Without messages the model is made ready, and nothing is said."""

    messages: list[OllamaMessage] | None = None
    tools: list[dict[str, Any]] | None = None

    def request(self) -> Request | None:
        """The chat in OpenAI's words; None where nothing is to be said. Raises MalformedInput."""
        if not self.messages:
            return None
        tools = {"tools": self.tools} if self.tools else {}
        return {**wishes_of(self), **tools, "messages": list(_messages(self.messages))}


class OllamaGenerateBody(OllamaWishes, frozen=True, kw_only=True):
    """A prompt. Without one the model is made ready, and nothing is said."""

    prompt: _Text | None = ""
    system: _Text | None = None
    images: list[str] | None = None
    suffix: str | None = None
    raw: bool | None = False
    template: str | None = None
    context: list[int] | None = None

    def request(self) -> Request | None:
        """The chat, or with `raw` or a `suffix` the text to go on with, in OpenAI's words; None
        where nothing is to be said. Raises MalformedInput.
        """
        for name in ("template", "context"):
            if getattr(self, name):
                raise _unsupported(name, "devices use their models' own, and keep no context")
        if not self.prompt:
            return None
        if self.raw or self.suffix:
            suffix = {"suffix": self.suffix} if self.suffix else {}
            return {**wishes_of(self), **suffix, "prompt": self.prompt}
        said = OllamaMessage(role="user", content=self.prompt, images=self.images)
        system = [OllamaMessage(role="system", content=self.system)] if self.system else []
        return {**wishes_of(self), "messages": list(_messages([*system, said]))}


def wishes_of(body: OllamaWishes) -> Request:
    """How to generate, in OpenAI's words. Raises MalformedInput."""
    wanted = {**_options(body.options or {}), **_thinking(body.think)}
    if body.format == "json":
        wanted["response_format"] = {"type": "json_object"}
    elif body.format:
        schema = {"name": "answer", "schema": body.format, "strict": True}
        wanted["response_format"] = {"type": "json_schema", "json_schema": schema}
    if body.logprobs:
        top = {"top_logprobs": body.top_logprobs} if body.top_logprobs else {}
        wanted |= {"logprobs": True, **top}
    return wanted


def _options(options: Mapping[str, Any]) -> Request:
    """Those that say how to generate. As many tokens as the model likes (negative `num_predict`)
    are as many as the device gives without being asked.
    """
    kept = {
        name: value
        for name, value in options.items()
        if value is not None and name not in _OF_LOADING
    }
    limit = kept.pop("num_predict", None)
    if limit is None:
        return kept
    if not isinstance(limit, int):
        raise _unsupported("options", "num_predict is a whole number")
    return {**kept, "max_tokens": limit} if limit > 0 else kept


def _thinking(think: bool | str | None) -> Request:
    """Servers have two ways: templates of models know `enable_thinking`, others an effort."""
    if isinstance(think, str):
        return {"reasoning_effort": think} if think else {}
    if think is None:
        return {}
    effort = {} if think else {"reasoning_effort": "none"}
    return {"chat_template_kwargs": {"enable_thinking": think}, **effort}


def _messages(messages: list[OllamaMessage]) -> Iterator[dict[str, Any]]:
    """In OpenAI's words, in which each call of a tool has an id, and each answer of one names it:
    without a name it answers the first call that has no answer yet.
    """
    open_calls: list[tuple[str, str]] = []
    for place, each in enumerate(messages):
        said: dict[str, Any] = {"role": each.role, "content": _content(each)}
        if each.thinking:
            said["reasoning_content"] = each.thinking
        if each.tool_calls:
            calls = list(_tool_calls(each.tool_calls, place))
            open_calls += [(call["id"], call["function"]["name"]) for call in calls]
            said["tool_calls"] = calls
        if each.role == "tool":
            said["tool_call_id"] = each.tool_call_id or _answered(open_calls, each.tool_name)
        yield said


def _tool_calls(calls: list[OllamaToolCall], place: int) -> Iterator[dict[str, Any]]:
    for number, call in enumerate(calls):
        arguments = msgspec.json.encode(call.function.arguments).decode()
        function = {"name": call.function.name, "arguments": arguments}
        call_id = call.id or f"call_{place}_{number}"
        yield {"id": call_id, "type": "function", "function": function}


def _answered(open_calls: list[tuple[str, str]], name: str | None) -> str:
    """The id of the call that a tool answers, which is open no more."""
    for place, (call_id, called) in enumerate(open_calls):
        if name in (None, called):
            del open_calls[place]
            return call_id
    raise _unsupported("messages", "a tool answers that no message called")


def _content(message: OllamaMessage) -> str | list[dict[str, Any]]:
    text = message.content or ""
    if not message.images:
        return text
    urls = (f"data:image/{_kind_of(image)};base64,{image}" for image in message.images)
    images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [{"type": "text", "text": text}, *images]


def _kind_of(image: str) -> str:
    return _IMAGES.get(image[:5], "jpeg")


def _unsupported(member: str, why: str) -> MalformedInput:
    fault = Fault(f"/{member}", "not_allowed", why)
    return MalformedInput(f"{member}: {why}", code="invalid_argument", faults=(fault,))
