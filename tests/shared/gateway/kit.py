"""Devices and a network on a clock that only a test moves."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from shared.gateway.asking import Asking, Ended, Heard, Send, Step
from shared.gateway.messages import Up

ASK = "ask_1"
Fault = Callable[[int], list[float]]


def on_time(_: int) -> list[float]:
    """Each message arrives once, after a moment."""
    return [0.01]


def frame(kind: str, n: int, attempt: int = 1, ask_id: str = ASK, **fields: Any) -> Up:
    """One frame of a device."""
    return Up(id=ask_id, attempt=attempt, n=n, t=n * 10.0, k=kind, **fields)


def text(n: int, word: str, attempt: int = 1) -> Up:
    """A frame with one word."""
    choice = {"index": 0, "delta": {"content": word}}
    return frame("chunks", n, attempt, c=[(n * 10.0, choice)])


@dataclass
class Device:
    """Answers an ask with words, a tenth of a second apart; it keeps what it said."""

    words: tuple[str, ...] = ("one ", "two ", "three")
    refuses: str | None = None
    fails: Up | None = None
    dies_after: int | None = None
    asked: list[int] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    _said: dict[int, list[Up]] = field(default_factory=dict)

    def hear(self, message: dict[str, Any]) -> list[tuple[float, Up]]:
        """What it says to a message, and after how long."""
        self.orders.append(message["k"])
        attempt = message["try"]
        if self.dies_after == 0:
            return []
        if message["k"] == "again":
            return [(0.0, each) for each in self._said.get(attempt, [])[message["from"] - 1 :]]
        if message["k"] != "ask" or attempt in self._said:
            return []
        self.asked.append(attempt)
        said = list(self._frames(attempt))[: self.dies_after]
        self._said[attempt] = said
        return [(0.1 * place, each) for place, each in enumerate(said)]

    def _frames(self, attempt: int) -> Iterator[Up]:
        if self.refuses:
            yield frame("refused", 1, attempt, reason=self.refuses, ahead=4, retry_after_s=7)
            return
        yield frame("accepted", 1, attempt, ahead=0)
        yield frame("started", 2, attempt)
        for place, word in enumerate(self.words):
            yield text(3 + place, word, attempt)
        metrics = {"completion_tokens": float(len(self.words))}
        last = frame("done", 3 + len(self.words), attempt, finish_reason="stop", metrics=metrics)
        yield last if self.fails is None else self.fails


@dataclass
class World:
    """An ask among devices. `down` and `up` say when copies of each message arrive: nothing is
    lost for good where a device is asked again.
    """

    devices: dict[str, Device]
    down: Fault = on_time
    up: Fault = on_time
    max_wait_s: float = 30.0
    timeout_s: float = 300.0
    cancelled_at: float | None = None
    now: float = 0.0
    told: list[Heard] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    sent: list[Send] = field(default_factory=list)
    noise: list[tuple[float, str, Up]] = field(default_factory=list)
    # When the broker says that a device left it.
    leaves: list[tuple[float, str]] = field(default_factory=list)
    _coming: list[tuple[float, int, Any]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _ups: Iterator[int] = field(default_factory=count)
    _downs: Iterator[int] = field(default_factory=count)

    def run(self) -> Ended:
        """Let time pass until the ask is over, and a while longer."""
        self._asking = Asking(
            ASK,
            list(self.devices),
            waits_until=self.max_wait_s,
            timeout_s=self.timeout_s,
            ends_by=self.max_wait_s + self.timeout_s,
            now=0.0,
        )
        for at, serial, noise in self.noise:
            self._later(at, (serial, noise))
        for at, serial in self.leaves:
            self._later(at, serial)
        self._do(self._asking.begin(0.0))
        over_at: float | None = None
        while over_at is None or self.now < over_at + 1:
            self.now = round(self.now + 0.05, 3)
            assert self.now < 2_000, "it never ends"
            self._step()
            over_at = self.now if self._asking.is_over and over_at is None else over_at
        (end,) = self.ends
        return end

    def _step(self) -> None:
        while self._coming and self._coming[0][0] <= self.now:
            event = heapq.heappop(self._coming)[2]
            if isinstance(event, str):
                self._asking.leave(event, self.now)
            elif isinstance(event, Send):
                for after, said in self.devices[event.serial].hear(event.message(ASK)):
                    for delay in self.up(next(self._ups)):
                        self._later(self.now + after + delay, (event.serial, said))
            else:
                self._do(self._asking.hear(*event, self.now))
        if self.cancelled_at is not None and self.now >= self.cancelled_at:
            self._do(self._asking.cancel(self.now))
        self._do(self._asking.tick(self.now))

    def _do(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, Send):
                self.sent.append(step)
                for delay in self.down(next(self._downs)):
                    self._later(self.now + delay, step)
            elif isinstance(step, Heard):
                self.told.append(step)
            else:
                self.ends.append(step)

    def _later(self, at: float, event: Any) -> None:
        heapq.heappush(self._coming, (at, next(self._order), event))

    @property
    def words(self) -> str:
        """What the client saw."""
        return "".join(
            choice["delta"]["content"] for step in self.told for _, choice in step.frame.c
        )
