"""Writes the table of definitions into docs/usage.md, between its two markers.

`make openapi` runs it, and a test fails when the guide is not what it would write.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from shared.usage import DEFINITIONS, Definition  # noqa: E402  # The path is set above.

TARGET = ROOT / "docs" / "usage.md"
BEGIN = "<!-- definitions: written by tests/tools/build_definitions.py -->\n"
END = "<!-- end of definitions -->\n"
_HEAD = (
    "| metric | formula | unit | better | kind | source |\n| --- | --- | --- | --- | --- | --- |\n"
)


def render(guide: str) -> str:
    """The guide with the present table between its markers."""
    before, _, rest = guide.partition(BEGIN)
    _, marker, after = rest.partition(END)
    assert marker, "the guide has lost its markers"
    return before + BEGIN + _HEAD + "".join(map(_row, DEFINITIONS)) + END + after


def _row(one: Definition) -> str:
    name = f"`{one.metric}` {one.name}" + (
        f" (v{one.definition_version})" if one.definition_version > 1 else ""
    )
    cells = (name, one.formula, one.unit or "", one.better or "", one.kind, one.source)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
