"""Writes client/evalyard/client.py: the blocking SDK, from the one for asyncio.

`make openapi` runs it, and a test fails when the file is not what it would write.
"""

import re

from tools.formatting import formatted
from tools.template import ROOT

SOURCE = ROOT / "client" / "evalyard" / "aio.py"
TARGET = ROOT / "client" / "evalyard" / "client.py"
_HEADER = '"""The blocking SDK. Written by `make openapi` from `evalyard.aio`; edits are lost."""'
_CHANGES = (
    (r'\A""".*?"""', _HEADER),
    (r"Iterable\[str\] \| AsyncIterable\[str\]", "Iterable[str]"),
    (r"AsyncIterable, AsyncIterator, Callable, Iterable", "Callable, Iterable, Iterator"),
    (r"\basync_each\b", "each"),
    (r"\basync (?=def |for |with )", ""),
    (r"\bawait ", ""),
    (r"__a(enter|exit|iter)__", r"__\1__"),
    (r"\bAsync(?=[A-Z])", ""),
)


def write() -> None:
    """Write the file."""
    TARGET.write_text(render(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")


def render(source: str) -> str:
    """The blocking form of a module."""
    for pattern, replacement in _CHANGES:
        source = re.sub(pattern, replacement, source, flags=re.DOTALL)
    return formatted(source, TARGET)
