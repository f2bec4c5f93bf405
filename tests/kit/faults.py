"""Makes AWS calls fail, or something happen before them, wherever the code then is: the n-th
one, those of a name, or those that are about a user, job or key.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ReadTimeoutError


class Crash(BaseException):
    """The process ends here: nobody catches it."""


@dataclass(frozen=True)
class Request:
    """One AWS call: the client's, with the operation's name and parameters."""

    client: Any
    operation: str
    params: dict[str, Any]

    @property
    def service(self) -> str:
        """As in `dynamodb` or `s3`."""
        return str(self.client.meta.service_model.service_name)


@dataclass
class Calls:
    """The AWS calls made while watched, and what shall happen at the next one of a number,
    or of a name.
    """

    names: list[str] = field(default_factory=list)
    before: dict[int, Callable[[], None]] = field(default_factory=dict)
    after: dict[int, Callable[[], None]] = field(default_factory=dict)
    before_each: dict[str, Callable[[], None]] = field(default_factory=dict)
    failing: list[tuple[Callable[[Request], bool], BaseException]] = field(default_factory=list)
    _deep: bool = False
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        """Carry one call out between its faults. Calls that a fault makes are not watched."""
        if self._deep:
            return call()
        with self._counting:
            number = len(self.names)
            self.names.append(request.operation)
        self._act(self.before_each.get(request.operation))
        for concerns, failure in self.failing:
            if concerns(request):
                raise failure
        self._act(self.before.get(number))
        answer = call()
        self._act(self.after.get(number))
        return answer

    def _act(self, action: Callable[[], None] | None) -> None:
        if action is None:
            return
        self._deep = True
        try:
            action()
        finally:
            self._deep = False


@contextmanager
def watched_calls(calls: Calls | None = None, *, at_once: int = 1) -> Iterator[Calls]:
    """Watch the AWS calls of this process; `calls` may be one that sees more in them.

    What the product does side by side is done one by one meanwhile, so that calls have an
    order; with `at_once` so many at a time, for calls that bear it.
    """
    calls = Calls() if calls is None else calls
    original = botocore.client.BaseClient._make_api_call

    def make(self: Any, operation_name: str, api_params: Any) -> Any:
        request = Request(self, operation_name, api_params)
        return calls.made(request, lambda: original(self, operation_name, api_params))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", make)
        patch.setattr("shared.aws.parallel.AT_ONCE", at_once)
        yield calls


def about(name: str, *operations: str) -> Callable[[Request], bool]:
    """Whether a request names something, as a whole word of a key or body; and, where
    operations are given, is one of these.
    """
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")

    def concerns(request: Request) -> bool:
        wanted = not operations or request.operation in operations
        return wanted and word.search(repr(request.params)) is not None

    return concerns


# What nobody foresees, of the kinds that are most easily overlooked.
UNFORESEEN: tuple[Exception, ...] = (
    RuntimeError("unforeseen"),
    RecursionError("maximum recursion depth exceeded"),
    ValueError("Exceeds the limit (4300 digits) for integer string conversion"),
    UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"),
)


def crash() -> None:
    """End the process."""
    raise Crash


def lose_answer() -> None:
    """Let the network fail: the caller does not learn whether the call took effect."""
    raise ReadTimeoutError(endpoint_url="https://aws.example")
