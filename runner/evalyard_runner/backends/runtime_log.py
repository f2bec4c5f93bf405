"""The last lines a model runtime wrote, so that a job's result can show what was said during it."""

from collections import deque
from typing import Final

# A small device must be able to hold it, and the API takes no more than 50 MiB.
_KEPT_CHARACTERS: Final = 8 * 2**20
_LONGEST_LINE: Final = 1_000


class RuntimeLog:
    """Bounded; `mark` before a job and `since` after it give that job's lines."""

    def __init__(self, kept_characters: int = _KEPT_CHARACTERS) -> None:
        self._lines: deque[str] = deque()
        self._written = self._characters = 0
        self._kept_characters = kept_characters

    def write(self, line: str) -> None:
        line = line.rstrip()[:_LONGEST_LINE]
        self._lines.append(line)
        self._written += 1
        self._characters += len(line) + 1
        while self._characters > self._kept_characters:
            self._characters -= len(self._lines.popleft()) + 1

    def mark(self) -> int:
        return self._written

    def since(self, mark: int) -> str:
        """The lines written since; it says so when the first of them are no longer held."""
        wanted = self._written - mark
        fresh = min(wanted, len(self._lines))
        lines = list(self._lines)[len(self._lines) - fresh :]
        if fresh < wanted:
            lines.insert(0, f"({wanted - fresh} earlier lines were not kept)")
        return "\n".join(lines)

    def first_error(self) -> str:
        """The first line that llama.cpp marked as an error: what follows are its consequences."""
        return next((line.split(" E ", 1)[1].strip() for line in self._lines if " E " in line), "")
