"""What calls may say: the body of `/ask`, and what of OpenAI's chat is read here."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from shared.errors import Fault, Unacceptable
from shared.gateway import Phases

MAX_PROMPT_CHARACTERS: Final = 200_000
Body = TypeVar("Body", bound=msgspec.Struct)

Prompt = Annotated[str, Meta(min_length=1, max_length=MAX_PROMPT_CHARACTERS)]
ModelName = Annotated[str, Meta(min_length=1, max_length=256)]
DeviceName = Annotated[str, Meta(min_length=1, max_length=128)]
Tag = Annotated[str, Meta(min_length=1, max_length=256)]
WaitSeconds = Annotated[float, Meta(ge=0, le=600)]
TimeoutSeconds = Annotated[float, Meta(ge=1, le=840)]


class AskOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to generate; other members are passed through to the model's server."""

    num_predict: Annotated[int, Meta(ge=1, le=32_768)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None


class AskBody(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt for a model on any device, or on one."""

    prompt: Prompt
    model: ModelName
    system: Annotated[str, Meta(max_length=MAX_PROMPT_CHARACTERS)] | None = None
    options: dict[str, Any] = {}
    device: DeviceName | None = None
    tag: Tag | None = None
    max_wait_s: WaitSeconds = 30.0
    timeout_s: TimeoutSeconds = 300.0
    preview: bool = False

    def chat(self) -> dict[str, Any]:
        """The request of OpenAI's chat that says the same. Raises Unacceptable."""
        read_body(self.options, AskOptions, "/options")
        options = {name: value for name, value in self.options.items() if value is not None}
        if "num_predict" in options:
            options["max_tokens"] = options.pop("num_predict")
        said = (("system", self.system), ("user", self.prompt))
        messages = [{"role": role, "content": text} for role, text in said if text]
        return {**options, "messages": messages}


class StreamOptions(msgspec.Struct, frozen=True):
    """What else a stream brings."""

    include_usage: bool = False


class ChatBody(msgspec.Struct, frozen=True, kw_only=True):
    """What of a chat is read here; all of it goes to the model's server."""

    model: ModelName
    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = 1
    metadata: dict[str, Any] | None = None


def check_texts(messages: list[dict[str, Any]]) -> None:
    """No message of a chat has more text than a prompt. Raises Unacceptable."""
    for place, message in enumerate(messages):
        size = sum(map(len, _texts_of(message.get("content"))))
        if size > MAX_PROMPT_CHARACTERS:
            detail = f"a message has at most {MAX_PROMPT_CHARACTERS} characters, this one {size}"
            fault = Fault(f"/messages/{place}/content", "too_long", detail)
            raise Unacceptable(detail, code="validation_failed", faults=(fault,))


def _texts_of(content: Any) -> Iterator[str]:
    """The texts of a message's content, which may be in parts."""
    parts = content if isinstance(content, list) else [{"text": content}]
    for part in parts:
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield part["text"]


class CompletionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What of a completion is read here; all of it goes to the model's server."""

    model: ModelName
    prompt: Prompt
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = 1
    metadata: dict[str, Any] | None = None


def read_body(found: Any, kind: type[Body], below: str = "") -> Body:
    """A decoded body as its kind. Raises Unacceptable, which says where it is not."""
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as exc:
        detail, _, place = str(exc).partition(" - at `$")
        pointer = below + "".join(f"/{step}" for step in _STEP.findall(place))
        missing = _MISSING.search(detail)
        if missing is not None:
            fault = Fault(f"{pointer}/{missing.group(1)}", "required", "Field required")
        else:
            fault = Fault(pointer, "not_acceptable", detail)
        summary = f"{fault.pointer}: {fault.detail}"
        raise Unacceptable(summary, code="validation_failed", faults=(fault,)) from exc


_STEP: Final = re.compile(r"[^.\[\]`]+")
_MISSING: Final = re.compile(r"missing required field `(.+)`")


class AskBatchBody(msgspec.Struct, frozen=True, kw_only=True):
    """Bodies of `/ask`, and how many of them may be under way at once."""

    items: list[Any]
    parallel: Annotated[int, Meta(ge=1, le=8)] = 4


class WarmupBody(msgspec.Struct, frozen=True, kw_only=True):
    """A model to be made ready; without devices on all that serve it."""

    model: ModelName
    device: DeviceName | None = None
    devices: Annotated[list[DeviceName], Meta(max_length=64)] | None = None


class AskMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """As those of a job's result: the device's own clock from its start; null is not measured."""

    prompt_tokens: float | None
    completion_tokens: float | None
    latency_ms: float | None
    ttft_ms: float | None
    tok_s: float | None
    tpot_ms: float | None
    prefill_tps: float | None
    load_ms: float | None


class AskUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What the model's server counted; null is what it did not."""

    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None


class AskEnd(msgspec.Struct, frozen=True, kw_only=True):
    """An answer without its output: what `done` of a stream carries."""

    request_id: str
    model: str
    device: str
    finish_reason: str
    usage: AskUsage
    metrics: AskMetrics
    phases: Phases
    run_id: str | None


class AskAnswer(AskEnd, frozen=True, kw_only=True):
    """A whole answer. `output` is without thoughts, which stand in `reasoning` where the model's
    server keeps them apart.
    """

    output: str
    reasoning: str | msgspec.UnsetType = msgspec.UNSET


class AskSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a call, on the clock of the gateway (since the call came) or of the device (since
    the ask came there).
    """

    name: str
    start_ms: float
    duration_ms: float
    clock: str


class AskTrace(AskAnswer, frozen=True, kw_only=True):
    """A whole answer, where its time went, and when its pieces came: ms since the device began, and
    characters.
    """

    spans: list[AskSpan]
    chunks: list[tuple[float, int]]


class AskCancelled(msgspec.Struct, frozen=True, kw_only=True):
    """The call is being stopped; how it ended says its own answer."""

    request_id: str
    status: str


class AskBatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item: its answer, or its problem."""

    status: int
    answer: AskAnswer | msgspec.UnsetType = msgspec.UNSET
    problem: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class AskBatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the items, in their order."""

    results: list[AskBatchResult]


class WarmDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a device has answered one token; `load_ms` where its server says that it loaded."""

    serial: str
    ready: bool
    load_ms: float | None
    detail: str | None


class WarmupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How the devices are."""

    devices: list[WarmDevice]


class ChatAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's `chat.completion`; message and usage are as the model's server said them."""

    id: str
    object: str
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any]


class CompletionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's `text_completion`; usage is as the model's server said it."""

    id: str
    object: str
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any]


class CallableModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that can be called now."""

    id: str
    object: str
    created: int
    owned_by: str


class CallableModels(msgspec.Struct, frozen=True, kw_only=True):
    """The models that can be called now."""

    object: str
    data: list[CallableModel]


class OpenAiFault(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong; `code` is stable, and as that of the native paths' problems. `allowed` is
    there where something else would do, as the models that are served.
    """

    message: str
    type: str
    code: str
    param: str | None
    allowed: list[str] | msgspec.UnsetType = msgspec.UNSET


class OpenAiError(msgspec.Struct, frozen=True, kw_only=True):
    """An error as OpenAI's API writes it."""

    error: OpenAiFault
