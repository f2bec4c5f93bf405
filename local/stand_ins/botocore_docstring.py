"""In the place of `botocore.docs.docstring`: no function reads docstrings."""

from typing import Any


class _NoDocstring(str):
    """Empty, whatever it would be about."""

    __slots__ = ()

    def __new__(cls, *_: Any, **__: Any) -> "_NoDocstring":
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()


class ClientMethodDocstring(_NoDocstring):
    """Of a client's method."""


class PaginatorDocstring(_NoDocstring):
    """Of a paginator."""


class WaiterDocstring(_NoDocstring):
    """Of a waiter."""
