"""Makes the n-th AWS call fail, or something happen before it, wherever the code then is."""

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
        """`dynamodb`, `s3`, …"""
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
    _deep: bool = False

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        """Carry one call out between its faults. Calls that a fault makes are not watched."""
        if self._deep:
            return call()
        number = len(self.names)
        self.names.append(request.operation)
        self._act(self.before_each.get(request.operation))
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
def watched_calls(calls: Calls | None = None) -> Iterator[Calls]:
    """Watch the AWS calls of this process; `calls` may be one that sees more in them."""
    calls = Calls() if calls is None else calls
    original = botocore.client.BaseClient._make_api_call

    def make(self: Any, operation_name: str, api_params: Any) -> Any:
        request = Request(self, operation_name, api_params)
        return calls.made(request, lambda: original(self, operation_name, api_params))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", make)
        yield calls


def crash() -> None:
    """End the process."""
    raise Crash


def lose_answer() -> None:
    """Let the network fail: the caller does not learn whether the call took effect."""
    raise ReadTimeoutError(endpoint_url="https://aws.example")
