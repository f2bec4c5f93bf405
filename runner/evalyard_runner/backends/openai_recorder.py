"""What a stream of `/v1/chat/completions` or `/v1/completions` says; no I/O."""

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from evalyard_runner.arrivals import unseen_first_token
from evalyard_runner.backends.texts import joined, size_of, text_of
from evalyard_runner.measure import Sample, Stopwatch
from evalyard_runner.readings import count, duration, first_count, member, objects_of
from evalyard_runner.tool_calls import ToolCalls

LLAMA_CPP: Final = "llama_cpp_server"


class OpenAiRecorder:
    """Made when the request is sent, then fed with the chunks in order."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._watch = Stopwatch(clock)
        self._parts: list[str] = []
        self._calls = ToolCalls()
        self._shown_bytes = 0
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}
        self._finish_reason: str | None = None
        self._spoken = self._ended = self._whole = False

    def arrived(self) -> None:
        """A piece of the stream came; the chunks in it follow."""
        self._watch.tick()

    def hear(self, chunk: dict[str, Any]) -> None:
        """Note one chunk."""
        for choice in objects_of(chunk.get("choices")):
            self._hear_choice(choice)
        usage = member(chunk, "usage")
        if count(usage.get("completion_tokens")) or not self._counts_something:
            self._usage = usage or self._usage
        self._timings = member(chunk, "timings") or self._timings

    def hear_whole(self, answer: dict[str, Any]) -> None:
        """Note an answer that was not streamed: when its first token came is not known."""
        self.hear(answer)
        self._watch.forget_tokens()
        self._whole = True
        if self._spoken:
            self.end()

    def end(self) -> None:
        """The server said that this was all."""
        self._ended = True

    @property
    def spoken(self) -> bool:
        """True once anything of the answer came."""
        return self._spoken

    @property
    def finished(self) -> bool:
        """True once the model said why it stopped, or the server that this was all: a stream that
        ends before that was cut.
        """
        return self._finish_reason is not None or (self._spoken and self._ended)

    @property
    def counted(self) -> bool:
        """Whether the server has said how many tokens there were."""
        return bool(self._usage or self._timings)

    @property
    def _counts_something(self) -> bool:
        """Some count zeros in each chunk, or once more at the end; those take nothing back."""
        return bool(count(self._usage.get("completion_tokens")))

    @property
    def usage(self) -> dict[str, Any]:
        """What the server counted, as it said it."""
        return self._usage

    def sample(self) -> Sample:
        usage, timings = self._usage, self._timings
        details = member(usage, "prompt_tokens_details")
        cached = first_count(timings.get("cache_n"), details.get("cached_tokens"))
        prompt = _prompt_tokens(usage, timings)
        completion = self._completion_tokens()
        unseen = self._unseen(completion)
        text, replaced = joined([*self._parts, self._calls.text()])
        return Sample(
            text=text,
            replaced=replaced,
            latency_ms=self._watch.latency_ms,
            ttft_ms=None if unseen else self._watch.ttft_ms,
            unseen=unseen,
            first_text_ms=self._watch.first_text_ms,
            reasoning_tokens=self._reasoning_tokens(),
            reasoning_ms=self._watch.reasoning_ms,
            itl=self._watch.itl,
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_tokens=cached,
            evaluated_tokens=first_count(timings.get("prompt_n"), _less(prompt, cached)),
            prefill_ms=duration(timings.get("prompt_ms")),
            decode_ms=duration(timings.get("predicted_ms")),
            finish_reason=self._finish_reason,
            counted_by="server_usage" if usage else LLAMA_CPP,
            timed_by=LLAMA_CPP if timings else None,
        )

    def _completion_tokens(self) -> int | None:
        """Where there was text, a count of 0 is none."""
        counts = self._usage.get("completion_tokens"), self._timings.get("predicted_n")
        said = [found for found in map(count, counts) if found is not None]
        spoke = self._watch.first_share is not None or any(self._parts)
        return next((found for found in said if found or not spoke), None)

    def _reasoning_tokens(self) -> int | None:
        details = member(self._usage, "completion_tokens_details")
        return count(details.get("reasoning_tokens"))

    def _unseen(self, completion: int | None) -> str | None:
        if self._whole:
            return "the server did not stream the answer"
        silent = self._reasoning_tokens() if self._watch.reasoning_ms is None else None
        shown = None if self._calls else self._shown_bytes
        return unseen_first_token(self._watch, completion, silent, shown)

    def _hear_choice(self, choice: dict[str, Any]) -> None:
        self._spoken = True
        delta = member(choice, "delta") or member(choice, "message")
        text = text_of(delta.get("content")) or text_of(choice.get("text"))
        thought = text_of(delta.get("reasoning_content")) or text_of(delta.get("reasoning"))
        called = self._calls.hear(delta.get("tool_calls"))
        # A reasoning model's first token is a token, though it is not part of the answer.
        if text or thought or called:
            self._watch.token(len(text) + len(thought) or 1, thought=not (text or called))
        self._parts.append(text)
        self._shown_bytes += size_of(text, thought)
        if choice.get("finish_reason"):
            self._finish_reason = str(choice["finish_reason"])
            self._watch.end()


def _prompt_tokens(usage: dict[str, Any], timings: dict[str, Any]) -> int | None:
    """llama.cpp's timings count what was evaluated and what was not apart."""
    evaluated, cached = count(timings.get("prompt_n")), count(timings.get("cache_n"))
    whole = None if evaluated is None or cached is None else evaluated + cached
    return first_count(usage.get("prompt_tokens") or None, whole) or None


def _less(whole: int | None, part: int | None) -> int | None:
    return None if whole is None or part is None or part > whole else whole - part
