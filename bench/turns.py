"""Processes that are asked by turns: each answers with the CPU time that a question took it.

What else the machine does touches all of them alike, and CPU time less than the clock.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from tools.template import ROOT


def answer_turns(ask: Callable[[], object], facts: Mapping[str, Any]) -> None:
    """Say what is known after a first question; then answer a turn for each line that comes."""
    print(json.dumps(facts), flush=True)
    for _ in sys.stdin:
        started = time.process_time()
        ask()
        print(json.dumps((time.process_time() - started) * 1_000), flush=True)


class Turns:
    """A process that runs `answer_turns`, from this end."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.facts: dict[str, Any] = self._said()
        self.ms: list[float] = []

    def take(self) -> None:
        """Have it answer once more."""
        assert self._process.stdin, "it is a pipe"
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        self.ms.append(self._said())

    def end(self) -> None:
        """Let it go."""
        self._process.communicate()

    def _said(self) -> Any:
        assert self._process.stdout, "it is a pipe"
        # Functions log there, too, an object a line.
        for line in self._process.stdout:
            found = json.loads(line)
            if not isinstance(found, dict) or "level" not in found:
                return found
        raise RuntimeError(f"{self._process.args} ended")
