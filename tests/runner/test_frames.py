"""Frames: numbered, kept, the first text at once, the next ones together."""

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from evalyard_runner.frames import MAX_FRAME_BYTES, Frames
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.loops import finish

FLUSH_S = 0.05
# No test lasts as long, however busy the machine is.
NEVER_S = 600.0
# Short ones, and some that take several frames.
SHORT = st.sampled_from(["", "a", "ab", "ü" * 3_001])
LONG = st.sampled_from(["", "a", "ab", "ü" * 70_001])


def run(
    test: Callable[[Frames, list[dict[str, Any]]], Any], flush_s: float = NEVER_S
) -> list[dict[str, Any]]:
    """The frames that a test makes."""
    sent: list[bytes] = []

    async def all_of_it() -> None:
        frames = Frames("ask_1", 2, flush_s, sent.append)
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

    first, second = run(test, FLUSH_S)

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


@given(SHORT, LONG, st.lists(st.integers(0, 40_000), max_size=3), st.sampled_from([None, "stop"]))
def test_piece_is_said_in_parts_when_no_frame_can_carry_it(
    content: str, thoughts: str, calls: list[int], why: str | None
) -> None:
    """As by a server that does not stream, or that says much about each token."""
    tokens = [{"token": letter, "logprob": -math.inf} for letter in content]
    arguments = ["[" + "1," * length for length in calls]
    made = [{"index": n, "id": f"c{n}", "function": {"name": "f", "arguments": text}}
            for n, text in enumerate(arguments)]  # fmt: skip
    delta = {"role": "assistant", "content": content, "reasoning": thoughts, "tool_calls": made}
    logprobs = {"content": tokens, "refusal": None}

    def test(frames: Frames, _: Any) -> None:
        frames.piece({"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": why})
        frames.say("done")

    choices = [choice for frame in run(test) for _, choice in frame.get("c", ())]

    deltas = [choice["delta"] for choice in choices]
    assert "".join(each.get("content", "") for each in deltas) == content
    assert "".join(each.get("reasoning", "") for each in deltas) == thoughts
    heard = ["" for _ in calls]
    for call in (call for each in deltas for call in each.get("tool_calls", ())):
        heard[call["index"]] += call["function"]["arguments"]
    assert heard == arguments
    said = [token for choice in choices for token in choice["logprobs"].get("content", ())]
    assert said == [{"token": letter, "logprob": None} for letter in content]
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + [why]


def test_piece_is_refused_when_it_is_too_large_and_cannot_be_cut() -> None:
    def test(frames: Frames, _: Any) -> None:
        with pytest.raises(ValueError, match="cannot be cut"):
            frames.piece({"index": 0, "delta": {"audio": {"data": "x" * MAX_FRAME_BYTES}}})
        frames.piece(word("one"))

    (frame,) = run(test)

    assert [choice for _, choice in frame["c"]] == [word("one")]


def test_later_text_is_kept_when_a_number_with_it_is_none() -> None:
    """It leaves by a timer, whose failure nothing hears."""

    async def test(frames: Frames, _: Any) -> None:
        frames.piece(word("one"))
        frames.piece({**word("two"), "logprobs": {"content": [{"logprob": -math.inf}]}})
        await asyncio.sleep(FLUSH_S * 3)

    _, second = run(test, FLUSH_S)

    assert second["c"][0][1] == {**word("two"), "logprobs": {"content": [{"logprob": None}]}}


def test_frame_is_utf8_when_half_a_character_comes() -> None:
    def test(frames: Frames, _: Any) -> None:
        frames.piece(word("\ud83d"))

    (frame,) = run(test)

    assert frame["c"][0][1]["delta"]["content"] == "?"
