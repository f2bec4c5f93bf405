"""Frames: numbered, kept, the first text at once, the next ones together."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from evalyard_runner.frames import MAX_FRAME_BYTES, Frames

from tests.kit.loops import finish

FLUSH_S = 0.05


def run(test: Callable[[Frames, list[dict[str, Any]]], Any]) -> list[dict[str, Any]]:
    """The frames that a test makes."""
    sent: list[bytes] = []

    async def all_of_it() -> None:
        frames = Frames("ask_1", 2, FLUSH_S, sent.append)
        made = test(frames, [])
        if asyncio.iscoroutine(made):
            await made

    finish(all_of_it())
    assert all(len(frame) <= MAX_FRAME_BYTES for frame in sent)
    return [json.loads(frame) for frame in sent]


def word(text: str) -> dict[str, Any]:
    return {"index": 0, "delta": {"content": text}}


def test_frames_are_numbered_and_say_whose_they_are_when_they_are_made() -> None:
    def test(frames: Frames, _: Any) -> None:
        frames.say("accepted", ahead=0, waits_for=None)
        frames.say("started")

    first, second = run(test)

    assert (first["id"], first["try"], first["n"], first["k"]) == ("ask_1", 2, 1, "accepted")
    assert (first["ahead"], "waits_for" in first) == (0, False)
    assert second["n"] == 2


def test_first_text_leaves_at_once_when_it_comes() -> None:
    def test(frames: Frames, _: Any) -> None:
        frames.piece({"index": 0, "delta": {"role": "assistant", "content": ""}})
        frames.piece(word("one"))
        frames.piece(word("two"))

    (first,) = run(test)

    assert [choice["delta"].get("content") for _, choice in first["c"]] == ["", "one"]


def test_later_text_leaves_together_when_the_time_is_over() -> None:
    async def test(frames: Frames, _: Any) -> None:
        for text in ("one", "two", "three"):
            frames.piece(word(text))
        await asyncio.sleep(FLUSH_S * 3)

    first, second = run(test)

    assert [len(first["c"]), len(second["c"])] == [1, 2]


def test_held_text_goes_first_when_something_else_is_said() -> None:
    def test(frames: Frames, _: Any) -> None:
        frames.piece(word("one"))
        frames.piece(word("two"))
        frames.say("done")

    assert [frame["k"] for frame in run(test)] == ["chunks", "chunks", "done"]


def test_frames_go_once_more_when_they_are_asked_for() -> None:
    def test(frames: Frames, _: Any) -> None:
        for kind in ("accepted", "started", "done"):
            frames.say(kind)
        frames.again(2)

    assert [frame["n"] for frame in run(test)] == [1, 2, 3, 2, 3]


def test_text_is_cut_into_frames_that_the_broker_takes_when_much_comes_at_once() -> None:
    def test(frames: Frames, _: Any) -> None:
        frames.piece(word("first"))
        for _ in range(30):
            frames.piece(word("x" * 10_000))
        frames.flush()

    sent = run(test)

    assert sum(len(frame["c"]) for frame in sent) == 31
    assert len(sent) == 4


def test_frame_is_utf8_when_half_a_character_comes() -> None:
    def test(frames: Frames, _: Any) -> None:
        frames.piece(word("\ud83d"))

    (frame,) = run(test)

    assert frame["c"][0][1]["delta"]["content"] == "?"
