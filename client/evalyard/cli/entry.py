"""Starts the command. What it needs is imported when a subcommand runs, so that it starts fast."""

from __future__ import annotations

import sys

from evalyard import __version__


def main() -> None:
    """The console script."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"evalyard {__version__}")
        return
    from evalyard.cli.running import run

    sys.exit(run(sys.argv[1:]))
