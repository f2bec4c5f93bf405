"""The last lines a model runtime wrote, so that a job's result can show what was said during it."""

from collections import deque
from typing import Final

_KEPT_LINES: Final = 500
_LONGEST_LINE: Final = 1_000


class RuntimeLog:
    """Bounded; `mark` before a job and `since` after it give that job's lines."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._written = 0

    def write(self, line: str) -> None:
        self._lines.append(line.rstrip()[:_LONGEST_LINE])
        self._written += 1

    def mark(self) -> int:
        return self._written

    def since(self, mark: int) -> str:
        fresh = min(self._written - mark, len(self._lines))
        return "\n".join(list(self._lines)[len(self._lines) - fresh :])

    def first_error(self) -> str:
        """The first line that llama.cpp marked as an error: what follows are its consequences."""
        return next((line.split(" E ", 1)[1].strip() for line in self._lines if " E " in line), "")
