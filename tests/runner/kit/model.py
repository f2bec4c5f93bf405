"""An OpenAI-compatible server that streams what a test wrote down for it."""

import json
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

from tests.runner.kit.server import Exchange, FakeServer

# A float is a pause in seconds, a string a raw line, a dictionary an SSE data event.
Script = Callable[[dict[str, Any]], Iterator[float | str | dict[str, Any]]]

TIMINGS = {"cache_n": 3, "prompt_n": 7, "prompt_ms": 35.0, "predicted_n": 3, "predicted_ms": 30.0}


def content(text: str, finish_reason: str | None = None) -> dict[str, Any]:
    """One chunk of a chat completion."""
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish_reason}]}


def usage(prompt: int = 10, completion: int = 3, **more: Any) -> dict[str, Any]:
    """The chunk that ends a stream with `include_usage`."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion}
    return {"choices": [], "usage": counts, **more}


def three_words(body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
    """A normal answer: an empty first chunk, as servers send it, then three tokens."""
    yield {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
    yield 0.02
    for word in ("one ", "two ", "three"):
        yield content(word)
        yield 0.02
    yield content("", finish_reason="stop")
    yield usage(timings=TIMINGS)
    yield "data: [DONE]\n\n"


def endless(body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
    """A model that never stops talking."""
    while True:
        yield content("and ")
        yield 0.01


class FakeModel(FakeServer):
    """`script` writes the stream; `refusal` (status, body, and headers if there are any) answers
    instead of it when set, and 422 a request that has the member that it `dislikes`.
    """

    def __init__(self, script: Script = three_words) -> None:
        super().__init__()
        self.script = script
        self.refusal: tuple[int, Any] | tuple[int, Any, dict[str, str]] | None = None
        self.dislikes: str | None = None
        # What llama.cpp says of itself under /props.
        self.props: dict[str, Any] | None = None
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.hung_up = Event()
        self.well = True

    def answer(self, exchange: Exchange, body: Any) -> None:
        self.keys.append(exchange.headers.get("Authorization"))
        if exchange.path == "/v1/models":
            status = 200 if self.well else 503
            exchange.send_json(status, {"data": [{"id": "listed-a"}, {"id": "listed-b"}]})
            return
        if exchange.path.startswith("/props"):
            exchange.send_json(*((200, self.props) if self.props else (404, {"error": {}})))
            return
        self.requests.append(body)
        self.paths.append(exchange.path)
        if self.refusal:
            exchange.send_json(*self.refusal)
        elif self.dislikes in body:
            exchange.send_json(422, {"detail": "extra inputs are not permitted"})
        elif not exchange.stream("text/event-stream", map(_event, self.script(body))):
            self.hung_up.set()


def _event(step: float | str | dict[str, Any]) -> float | bytes:
    if isinstance(step, float):
        return step
    return (step if isinstance(step, str) else f"data: {json.dumps(step)}\n\n").encode()
