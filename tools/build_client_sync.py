"""Writes client/evalyard/client: the blocking SDK, module by module from the one for asyncio.

`make openapi` runs it, and a test fails when a file is not what it would write.
"""

import re

from tools.formatting import formatted
from tools.template import ROOT

SOURCES = ROOT / "client" / "evalyard" / "aio"
TARGETS = ROOT / "client" / "evalyard" / "client"
_CHANGES = (
    (r"The SDK for asyncio\..*?(?=\"\"\")", "The blocking SDK."),
    (r"Iterable\[str\] \| AsyncIterable\[str\]", "Iterable[str]"),
    (r"AsyncIterable, AsyncIterator, Callable, Iterable", "Callable, Iterable, Iterator"),
    (r"\bevalyard\.aio\b", "evalyard.client"),
    (r"\basync_each\b", "each"),
    (r"\basync (?=def |for |with )", ""),
    (r"\bawait ", ""),
    (r"__a(enter|exit|iter)__", r"__\1__"),
    (r"\bAsync(?=[A-Z])", ""),
)


def write() -> None:
    """Write the files, and leave no other there."""
    TARGETS.mkdir(exist_ok=True)
    files = render()
    for name, text in files.items():
        (TARGETS / name).write_text(text, encoding="utf-8")
    for path in TARGETS.glob("*.py"):
        if path.name not in files:
            path.unlink()


def render() -> dict[str, str]:
    """The blocking form of each module, by its file's name."""
    return {path.name: _blocking(path.name) for path in sorted(SOURCES.glob("*.py"))}


def _blocking(name: str) -> str:
    source = (SOURCES / name).read_text(encoding="utf-8")
    for pattern, replacement in _CHANGES:
        source = re.sub(pattern, replacement, source, flags=re.DOTALL)
    said = "Written by `make openapi` from `evalyard.aio`; edits are lost."
    source = re.sub(r'\A"""(.*?)\n*"""', rf'"""\1\n\n{said}\n"""', source, count=1, flags=re.DOTALL)
    return formatted(source, TARGETS / name)
