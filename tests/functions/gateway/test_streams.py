"""What all streams share: nothing that a device says waits for what it says next."""

import asyncio
from typing import Any

import pytest

from tests.functions.gateway.kit import ASK, CHAT, FakeDevice, Gate

WORDS = ("one", "two", "three")
LINES = {"Accept": "application/x-ndjson"}


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/ask_stream", ASK, {}),
        ("/ask_stream", ASK, LINES),
        ("/v1/chat/completions", {**CHAT, "stream": True}, {}),
        ("/v1/completions", {**ASK, "stream": True}, {}),
        ("/api/chat", CHAT, {}),
        ("/api/generate", ASK, {}),
    ],
)
def test_each_word_is_with_the_client_before_the_device_says_the_next(
    gate: Gate, path: str, body: Any, headers: dict[str, str]
) -> None:
    """A device that waits for that would wait for ever where words were gathered."""

    async def waits_for_the_client(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "accepted", ahead=0)
        await device.say(ask, "started")
        for word in WORDS:
            await device.piece(ask, word)
            while gate.runtime is None or f'"{word}"'.encode() not in gate.runtime.body:
                await asyncio.sleep(0.002)
        await device.say(ask, "done", finish_reason="stop")

    gate.device(script=waits_for_the_client)

    reply = gate.ask(path, body, headers=headers)

    assert reply.status == 200
    assert all(f'"{word}"'.encode() in reply.body for word in WORDS)
