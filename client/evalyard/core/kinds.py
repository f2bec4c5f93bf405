"""What a file can be, by its name and by how it begins. What it is, the service says."""

from __future__ import annotations

import json
from pathlib import PurePath

JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
EVENTS, MARKDOWN, TEXT = "text/event-stream", "text/markdown", "text/plain"

_NAMED = {
    ".json": JSON,
    ".jsonl": LINES,
    ".ndjson": LINES,
    ".csv": CSV,
    ".md": MARKDOWN,
    ".sse": EVENTS,
    ".txt": TEXT,
    ".log": TEXT,
}
_BLANK = b"\xef\xbb\xbf \t\r\n"


def media_types(name: str, content: bytes) -> list[str]:
    """What a file can be, the likeliest first: by its name, then by how it begins."""
    named = _NAMED.get(PurePath(name).suffix.lower())
    return list(dict.fromkeys(([named] if named else []) + _looks(content)))


def cut_as(name: str, begin: bytes) -> str:
    """How a file can be cut whose beginning this is: LINES, EVENTS, CSV, or JSON, a document."""
    looks = _looks(begin)[0]
    # What has no mark of its own is CSV, unless its name says that it is a log.
    named = _NAMED.get(PurePath(name).suffix.lower())
    return TEXT if looks == CSV and named == TEXT else looks


def _looks(content: bytes) -> list[str]:
    begin = content.lstrip(_BLANK)[:200]
    if begin.startswith((b"[", b"{")):
        # Two objects one after the other are lines.
        are_lines = begin.startswith(b"{") and _begins_with_an_object_and_more(content)
        return [LINES, JSON] if are_lines else [JSON, LINES]
    if begin.startswith((b"data:", b"event:")):
        return [EVENTS]
    if begin.startswith(b"|") or b"\n|" in content:
        return [MARKDOWN]
    return [TEXT] if b"PyTorchObserver" in content else [CSV]


def _begins_with_an_object_and_more(content: bytes) -> bool:
    first, _, rest = content.lstrip(_BLANK).partition(b"\n")
    try:
        return bool(rest.strip()) and isinstance(json.loads(first), dict)
    except ValueError:
        return False
