"""Refuses to store objects when the disk is nearly full.

MiniStack answers a write whose bytes it could not store as if it had, and may have lost the version
before it by then; so such a write is not begun.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

# A compaction copies volumes of up to 256 MiB within the store, and the version before stays.
RESERVE_BYTES = 512 * 1024**2
_REFUSAL = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code>'
    b"<Message>The local cloud's disk is nearly full.</Message></Error>"
)


def guard_objects(s3: Any, free_bytes: Callable[[], int]) -> None:
    """Answers 503 SlowDown, which clients repeat, to what would store bytes without room."""
    original = s3.handle_request

    async def handle_request(
        method: str, path: str, headers: Any, body: bytes, query_params: Any
    ) -> Any:
        if method in ("PUT", "POST") and free_bytes() < RESERVE_BYTES + 2 * len(body):
            return 503, {"Content-Type": "application/xml"}, _REFUSAL
        return await original(method, path, headers, body, query_params)

    s3.handle_request = handle_request


def free_bytes_at(folder: Path) -> Callable[[], int]:
    """Asks the file system at each call."""
    return lambda: shutil.disk_usage(folder).free
