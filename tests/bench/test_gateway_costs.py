"""The cost formula counts what the runner really sends, at a steady pace in virtual time."""

import asyncio
import json
import selectors
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from evalyard_runner.frames import Frames

from bench.gateway_costs import ANSWERS, FLUSH_S, Answer, amounts, frames_up, messages_down, section
from bench.prices import PriceBook
from shared.gateway.messages import FLUSH_MS


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Waits for nothing: the time that would be waited for is over at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return super().select(0)  # type: ignore[no-any-return]


@pytest.fixture
def in_virtual_time() -> Iterator[Callable[[Any], Any]]:
    """Runs a coroutine in which sleeping takes no time."""
    selector = _Jumping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    yield loop.run_until_complete
    loop.close()


async def counted(answer: Answer) -> list[str]:
    """The kinds of the frames of a call as `asks` makes them."""
    sent: list[bytes] = []
    clock = asyncio.get_running_loop().time
    frames = Frames("ask_1", 1, FLUSH_S, sent.append, clock)

    async def alive() -> None:
        while True:
            await asyncio.sleep(2.0)
            frames.say("alive")

    living = asyncio.create_task(alive())
    frames.say("accepted", ahead=0)
    frames.say("started")
    await asyncio.sleep(answer.prefill_s)
    for _ in range(answer.tokens):
        frames.piece({"index": 0, "delta": {"content": "word "}})
        await asyncio.sleep(1 / answer.rate)
    frames.piece({"index": 0, "delta": {}, "finish_reason": "stop"})
    frames.say("done", finish_reason="stop")
    living.cancel()
    return [json.loads(frame)["k"] for frame in sent]


@pytest.mark.parametrize("answer", [*ANSWERS, Answer("quick", 400, 190, 0.1)])
def test_formula_is_what_is_sent_when_an_answer_is_written(
    in_virtual_time: Callable[[Any], Any], answer: Answer
) -> None:
    kinds = in_virtual_time(counted(answer))

    # An `alive` lets go of what is held, which may make one frame more of two.
    least = frames_up(answer)
    assert least <= len(kinds) <= least + kinds.count("alive")


def test_flush_is_the_gateways_own() -> None:
    assert FLUSH_S * 1_000 == FLUSH_MS


def test_table_adds_up_when_it_is_made() -> None:
    made = section(PriceBook.read())

    parts = [name for name in made.columns if name.endswith(" $")]
    for row, answer in zip(made.rows, ANSWERS, strict=True):
        assert row["$"] == pytest.approx(sum(float(row[name] or 0) for name in parts), abs=0.003)
        assert amounts(answer)["iot_message"] == 2 * (frames_up(answer) + messages_down(answer))
    assert [row["$"] < 0.5 for row in made.rows] == [True] * 3  # type: ignore[operator]
