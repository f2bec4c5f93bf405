"""An Ollama server that streams what a test wrote down for it, in the form of the real one."""

import json
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

from tests.runner.kit.server import Exchange, FakeServer

# A float is a pause in seconds, a string a raw line, a dictionary one object of the stream.
Script = Callable[[dict[str, Any]], Iterator[float | str | dict[str, Any]]]


def said(content: str, **more: Any) -> dict[str, Any]:
    """One object on the way."""
    return {**_head(), "message": {"role": "assistant", "content": content}, "done": False, **more}


def final(**more: Any) -> dict[str, Any]:
    """The object at the end, with the counters of a prompt half of which was cached."""
    return {
        **_head(),
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": "stop",
        "total_duration": 305_000_000,
        "load_duration": 200_000_000,
        "prompt_eval_count": 20,
        "prompt_eval_cached_count": 10,
        "prompt_eval_duration": 50_000_000,
        "eval_count": 3,
        "eval_duration": 30_000_000,
        **more,
    }


def three_words(body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
    """A normal answer."""
    for word in ("one ", "two ", "three"):
        yield 0.02
        yield said(word)
    yield final()


class FakeOllama(FakeServer):
    """`script` writes the stream; `refusal` answers instead of it when set. `context` is that of
    the loaded model, in tokens.
    """

    def __init__(self, script: Script = three_words) -> None:
        super().__init__()
        self.script = script
        self.refusal: tuple[int, Any] | None = None
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.hung_up = Event()
        self.context = 4096

    def answer(self, exchange: Exchange, body: Any) -> None:
        if exchange.path == "/api/version":
            exchange.send_json(200, {"version": "0.34.1"})
        elif exchange.path == "/api/tags":
            names = ("llama3.2:1b", "qwen3:0.6b")
            exchange.send_json(200, {"models": [{"name": name, "model": name} for name in names]})
        elif exchange.path == "/api/show":
            exchange.send_json(200, {"details": {"quantization_level": "Q8_0"}})
        elif exchange.path == "/api/ps":
            loaded = {"name": "llama3.2:1b", "context_length": self.context}
            exchange.send_json(200, {"models": [loaded]})
        else:
            self.requests.append((exchange.path, body))
            self._generate(exchange, body)

    def _generate(self, exchange: Exchange, body: dict[str, Any]) -> None:
        if self.refusal:
            exchange.send_json(*self.refusal)
            return
        if not exchange.stream("application/x-ndjson", map(_line, self.script(body))):
            self.hung_up.set()


def _head() -> dict[str, Any]:
    return {"model": "llama3.2:1b", "created_at": "2026-09-17T15:42:59.5670387Z"}


def _line(step: float | str | dict[str, Any]) -> float | bytes:
    if isinstance(step, float):
        return step
    return (step if isinstance(step, str) else json.dumps(step)).encode() + b"\n"
