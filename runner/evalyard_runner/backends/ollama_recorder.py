"""What a stream of Ollama's `/api/chat` says; no I/O.

The last object carries Ollama's own counters and durations (in ns):
https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from evalyard_runner.arrivals import unseen_first_token
from evalyard_runner.backends.texts import joined, size_of, text_of
from evalyard_runner.measure import Sample, Stopwatch
from evalyard_runner.readings import count, duration, member
from evalyard_runner.tool_calls import ToolCalls

OLLAMA: Final = "ollama"


class OllamaRecorder:
    """Made when the request is sent, then fed with the objects in order."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._watch = Stopwatch(clock)
        self._parts: list[str] = []
        self._calls = ToolCalls()
        self._shown_bytes = 0
        self._final: dict[str, Any] = {}

    def arrived(self) -> None:
        """A piece of the stream came; the objects in it follow."""
        self._watch.tick()

    def hear(self, chunk: dict[str, Any]) -> None:
        """Note one object."""
        message = member(chunk, "message")
        text, called = text_of(message.get("content")), self._calls.hear(message.get("tool_calls"))
        # A reasoning model's first token is a token, though it is not part of the answer.
        thought = text_of(message.get("thinking"))
        if text or thought or called:
            self._watch.token(len(text) + len(thought) or 1, thought=not (text or called))
        self._parts.append(text)
        self._shown_bytes += size_of(text, thought)
        if chunk.get("done"):
            self._final = chunk
            self._watch.end()

    @property
    def finished(self) -> bool:
        """True once the last object came: a stream that ends before that was cut."""
        return bool(self._final)

    def sample(self) -> Sample:
        final = self._final
        # Old versions leave the count out, or say 0, when the prompt came from the cache.
        prompt = count(final.get("prompt_eval_count")) or None
        cached = count(final.get("prompt_eval_cached_count"))
        completion = count(final.get("eval_count"))
        if completion == 0 and self._watch.first_share is not None:
            completion = None  # Where there was text, a count of 0 is none.
        shown = None if self._calls else self._shown_bytes
        unseen = unseen_first_token(self._watch, completion, shown_bytes=shown)
        text, replaced = joined([*self._parts, self._calls.text()])
        return Sample(
            text=text,
            replaced=replaced,
            latency_ms=self._watch.latency_ms,
            ttft_ms=None if unseen else self._watch.ttft_ms,
            unseen=unseen,
            first_text_ms=self._watch.first_text_ms,
            reasoning_ms=self._watch.reasoning_ms,
            itl=self._watch.itl,
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_tokens=cached,
            evaluated_tokens=_evaluated(prompt, cached),
            prefill_ms=_ms(final.get("prompt_eval_duration")),
            decode_ms=_ms(final.get("eval_duration")),
            load_ms=_ms(final.get("load_duration")),
            finish_reason=str(final.get("done_reason") or "stop"),
            counted_by=OLLAMA,
            timed_by=OLLAMA,
        )


def _evaluated(prompt: int | None, cached: int | None) -> int | None:
    """`prompt_eval_count` counts cached tokens too, `prompt_eval_duration` times only the others.

    A version that does not say how many were cached leaves the prefill's speed unknown: no option
    turns Ollama's prompt cache off.
    """
    return None if prompt is None or cached is None or cached > prompt else prompt - cached


def _ms(nanoseconds: object) -> float | None:
    known = duration(nanoseconds)
    return None if known is None else known / 1e6
