"""What the pages on the SDK show, as programs."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = DOCS / "sdk.md"
TOUR = DOCS / "examples" / "tour.py"
CONNECTS = "ev = Evalyard()\n"


def examples() -> list[str]:
    """The examples of docs/sdk.md in their order; the first one connects."""
    text = GUIDE.read_text("utf-8")
    return re.findall(r"^```(?:python|text)\n(.*?)^```$", text, re.M | re.S)
