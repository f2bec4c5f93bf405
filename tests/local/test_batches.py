"""Functions are handed messages when their queue's window has passed, or a batch is full."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator.batches import keep_windows

NOW = 1_000.0


def received(
    came: list[float], monkeypatch: pytest.MonkeyPatch, *, size: int = 100, window_s: int = 2
) -> list[float]:
    """When those messages came that are handed over now, out of a queue with these."""
    queue = {"attributes": {"QueueArn": "a"}, "messages": [{"visible_at": at} for at in came]}

    def receive(_url: str, most: int) -> list[Any]:
        there = [each for each in queue["messages"] if each["visible_at"] <= NOW][: min(most, 10)]
        queue["messages"] = [each for each in queue["messages"] if each not in there]
        return there

    sqs: Any = SimpleNamespace(_get_q=lambda _: queue, _receive_messages_for_esm=receive)
    mappings = [
        {"EventSourceArn": "a", "MaximumBatchingWindowInSeconds": window_s},
        {"EventSourceArn": "b", "MaximumBatchingWindowInSeconds": 300},
        {"EventSourceArn": "a"},
    ]
    keep_windows(sqs, SimpleNamespace(_esms=SimpleNamespace(all_values=lambda: mappings)))
    monkeypatch.setattr(time, "time", lambda: NOW)
    return [each["visible_at"] for each in sqs._receive_messages_for_esm("url", size)]


def test_nothing_is_handed_over_before_the_window_of_the_first_has_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert received([NOW - 1.9, NOW - 1, NOW + 5], monkeypatch) == []
    assert received([NOW - 2, NOW - 1, NOW + 5], monkeypatch) == [NOW - 2, NOW - 1]
    assert received([], monkeypatch) == []


def test_a_full_batch_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    came = [NOW - place / 100 for place in range(30)]

    assert received(came, monkeypatch, size=25) == came[:25]
    assert received(came, monkeypatch, size=31) == []


def test_a_queue_without_a_window_is_read_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    came = [NOW - place / 100 for place in range(30)]

    assert received(came, monkeypatch, window_s=0) == came[:10]
