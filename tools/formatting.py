"""Formats what is generated as the rest of the code is."""

import subprocess
import sys
from pathlib import Path


def formatted(text: str, path: Path) -> str:
    """The text as Ruff would write it into this file."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
