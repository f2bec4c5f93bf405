"""The times of one streamed completion, and what is known about it in the end (docs/runners.md).

The clock is the device's monotonic one. What was not measured stays None.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import floor
from statistics import fmean
from time import perf_counter


@dataclass(frozen=True)
class Gaps:
    """The times in ms between consecutive chunks with text: stutter that a mean speed hides."""

    n: int
    mean: float
    p50: float
    p95: float
    max: float


@dataclass(frozen=True)
class Sample:
    """One measured run. Times in ms from the moment the request was sent.

    `cached_tokens` are the prompt tokens that were not evaluated again. `prefill_ms`, `decode_ms`
    and `load_ms` are the model server's own times; `counted_by` and `timed_by` name who counted
    the tokens and who took those times. `frozen_s`: so long the runner stood still meanwhile;
    `filled_context`: the prompt took all of the model's context, so that the server cut it.
    """

    text: str = field(repr=False)
    latency_ms: float
    # Characters of the text that the server had broken; U+FFFD stands in their place.
    replaced: int = 0
    # Why the moment of the first token is not known (`arrivals`); `ttft_ms` is None then.
    unseen: str | None = None
    first_text_ms: float | None = None
    reasoning_tokens: int | None = None
    reasoning_ms: float | None = None
    ttft_ms: float | None = None
    itl: Gaps | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    evaluated_tokens: int | None = None
    prefill_ms: float | None = None
    decode_ms: float | None = None
    load_ms: float | None = None
    finish_reason: str | None = None
    counted_by: str = "server_usage"
    timed_by: str | None = None
    frozen_s: float = 0.0
    filled_context: bool = False


class Stopwatch:
    """Started when the request is sent; ticks with each piece that arrives, and hears what was in
    it.

    `clock` answers seconds.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._sent = self._now = clock()
        self._first: float | None = None
        self._last_text: float | None = None
        self._ended: float | None = None
        self._thought: float | None = None
        self._spoken: float | None = None
        self._ticks = self._first_tick = self._end_tick = 0
        self._size = self._first_size = 0
        # Eight bytes for each chunk, and a job has at most 32,768 tokens.
        self._gaps = array("d")

    def tick(self) -> None:
        """A piece of the stream arrived; whatever is in it has this moment."""
        self._now = self._clock()
        self._ticks += 1

    def token(self, size: int = 1, *, thought: bool = False) -> None:
        """It had so many characters of text, or of a thought before the answer."""
        self._note(size, thought=thought)
        if self._last_text is None:
            self._first = self._now
        else:
            self._gaps.append((self._now - self._last_text) * 1000)
        self._last_text = self._ended = self._now

    def end(self) -> None:
        """The model said that it is done; the token that ended it may show no text."""
        self._ended, self._end_tick = self._now, self._ticks

    def _note(self, size: int, *, thought: bool) -> None:
        if self._last_text is None:
            self._first_tick = self._ticks
        self._end_tick = self._ticks
        self._size += size
        self._first_size += size if self._ticks == self._first_tick else 0
        if thought:
            self._thought = self._now if self._thought is None else self._thought
        else:
            self._spoken = self._now if self._spoken is None else self._spoken

    def forget_tokens(self) -> None:
        """The answer came whole, so that no token has a moment of its own."""
        self._first = self._last_text = self._spoken = self._thought = None
        del self._gaps[:]
        self._ended = self._now

    @property
    def ttft_ms(self) -> float | None:
        return None if self._first is None else self._since_sent(self._first)

    @property
    def first_text_ms(self) -> float | None:
        """Until the answer itself began, after whatever was thought before it."""
        return None if self._spoken is None else self._since_sent(self._spoken)

    @property
    def reasoning_ms(self) -> float | None:
        """From the first thought to the answer; None where no thought was streamed."""
        if self._thought is None:
            return None
        return ((self._now if self._spoken is None else self._spoken) - self._thought) * 1000

    @property
    def first_share(self) -> float | None:
        """The part of the text that arrived in the first piece that had any."""
        return None if self._first is None else self._first_size / max(self._size, 1)

    @property
    def at_once(self) -> bool:
        """Whether first token and end arrived in one piece."""
        return self._first is not None and self._first_tick == self._end_tick

    @property
    def latency_ms(self) -> float:
        return self._since_sent(self._clock() if self._ended is None else self._ended)

    @property
    def itl(self) -> Gaps | None:
        """None below two chunks with text."""
        return gaps_of(self._gaps)

    def _since_sent(self, moment: float) -> float:
        return (moment - self._sent) * 1000


def gaps_of(gaps_ms: Sequence[float]) -> Gaps | None:
    """Percentiles are interpolated linearly, as NumPy does by default."""
    if not gaps_ms:
        return None
    ordered = sorted(gaps_ms)
    return Gaps(
        n=len(ordered),
        mean=fmean(ordered),
        p50=_percentile(ordered, 0.50),
        p95=_percentile(ordered, 0.95),
        max=ordered[-1],
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
