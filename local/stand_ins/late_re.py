"""In the place of `re`, for a module with long patterns of which a call needs few.

Each is compiled when it is first used.
"""

import re
from functools import cached_property
from re import DOTALL, UNICODE, Match, RegexFlag
from typing import Any

__all__ = ["DOTALL", "UNICODE", "Match", "compile"]


class _LatePattern:
    def __init__(self, pattern: str, flags: int | RegexFlag) -> None:
        self._pattern, self._flags = pattern, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._pattern, self._flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiled, name)


def compile(pattern: str, flags: int | RegexFlag = 0) -> _LatePattern:  # noqa: A001  It stands for the one of `re`.
    """A pattern, sooner or later."""
    return _LatePattern(pattern, flags)
