"""Objects are refused, and not lost, when the disk is nearly full."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator.disk import RESERVE_BYTES, guard_objects


async def stores(*_: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, b""


def ask(method: str, free: int, body: bytes = b"") -> int:
    s3 = SimpleNamespace(handle_request=stores)
    guard_objects(s3, lambda: free)
    status, *_ = asyncio.run(s3.handle_request(method, "/bucket/key", {}, body, {}))
    return int(status)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_write_is_refused_when_it_would_fill_the_disk(method: str) -> None:
    assert ask(method, RESERVE_BYTES - 1) == 503
    assert ask(method, RESERVE_BYTES + 199, b"x" * 100) == 503


def test_write_is_done_when_there_is_room() -> None:
    assert ask("PUT", RESERVE_BYTES + 200, b"x" * 100) == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_reading_and_deleting_go_on_when_the_disk_is_full(method: str) -> None:
    assert ask(method, 0) == 200
