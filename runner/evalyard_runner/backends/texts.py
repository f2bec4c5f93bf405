"""Reads text out of a model server's JSON, whatever shape it has there; no I/O."""

import re
from collections.abc import Sequence
from typing import Any, Final

_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
# What neither pairs nor stands for a byte of `surrogateescape`.
_LONE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
REPLACEMENT: Final = "\ufffd"


def text_of(value: Any) -> str:
    """A text, or the texts of a list of parts (`{"type": "text", "text": …}`); else empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_text_of_part, value))
    return ""


def joined(parts: Sequence[str]) -> tuple[str, int]:
    """The whole text, and how many characters of it had to be replaced by U+FFFD.

    A server that cuts between chunks may cut a character: into two surrogates, each escaped in a
    chunk of its own, or into bytes that are no UTF-8 by themselves. Joined they are whole.
    """
    text = "".join(parts)
    if text.isascii():
        return text, 0
    paired = _PAIR.sub(_character, text)
    whole = (
        _LONE.sub(REPLACEMENT, paired).encode("utf-8", "surrogateescape").decode(errors="replace")
    )
    return whole, whole.count(REPLACEMENT) - text.count(REPLACEMENT)


def size_of(*texts: str) -> int:
    """Bytes in UTF-8, half a character included."""
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def printable(text: str) -> str:
    """The text without anything that UTF-8 cannot hold."""
    return joined([text])[0]


def _text_of_part(part: Any) -> str:
    return text_of(part.get("text")) if isinstance(part, dict) else text_of(part)


def _character(pair: "re.Match[str]") -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
