"""Listens to one streamed completion and keeps its times and counts (docs/runners.md).

The clock is the device's monotonic one. What nobody measured stays None.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One measured run. Times in ms from the moment the request was sent.

    `cached_tokens` are the prompt tokens that were not evaluated again; `evaluated_tokens` and
    `prefill_ms` come from llama.cpp's own timings and are None elsewhere.
    """

    text: str = field(repr=False)
    latency_ms: float
    ttft_ms: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    evaluated_tokens: int | None = None
    prefill_ms: float | None = None
    finish_reason: str | None = None


class Recorder:
    """Fed with the chunks of one stream in order; `clock` answers seconds."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._sent = clock()
        self._first: float | None = None
        self._last: float | None = None
        self._parts: list[str] = []
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}
        self._finish_reason: str | None = None

    def hear(self, chunk: dict[str, Any]) -> None:
        """Note one chunk of `/v1/chat/completions` or `/v1/completions`."""
        now = self._clock()
        for choice in chunk.get("choices") or ():
            self._hear_choice(choice, now)
        self._usage = _member(chunk, "usage") or self._usage
        self._timings = _member(chunk, "timings") or self._timings

    @property
    def finished(self) -> bool:
        """True once the model said why it stopped: a stream that ends before that was cut."""
        return self._finish_reason is not None

    def sample(self) -> Sample:
        usage, timings = self._usage, self._timings
        details = _member(usage, "prompt_tokens_details")
        return Sample(
            text="".join(self._parts),
            latency_ms=self._since_sent(self._last if self._last is not None else self._clock()),
            ttft_ms=None if self._first is None else self._since_sent(self._first),
            prompt_tokens=_count(usage.get("prompt_tokens")),
            completion_tokens=_first_count(
                usage.get("completion_tokens"), timings.get("predicted_n")
            ),
            cached_tokens=_first_count(timings.get("cache_n"), details.get("cached_tokens")),
            evaluated_tokens=_count(timings.get("prompt_n")),
            prefill_ms=_duration(timings.get("prompt_ms")),
            finish_reason=self._finish_reason,
        )

    def _hear_choice(self, choice: dict[str, Any], now: float) -> None:
        delta = _member(choice, "delta")
        text = delta.get("content") or choice.get("text") or ""
        # A reasoning model's first token is a token, though it is not part of the answer.
        if text or delta.get("reasoning_content") or delta.get("reasoning"):
            self._first = now if self._first is None else self._first
            self._last = now
        self._parts.append(text)
        if choice.get("finish_reason"):
            # The token that ended the generation shows no text, but was generated all the same.
            self._finish_reason, self._last = str(choice["finish_reason"]), now

    def _since_sent(self, moment: float) -> float:
        return (moment - self._sent) * 1000


def _member(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    value = mapping.get(key)
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _first_count(*values: object) -> int | None:
    return next((count for count in map(_count, values) if count is not None), None)


def _duration(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None
