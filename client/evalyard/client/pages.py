"""Lists of the API, read page by page.

Written by `make openapi` from `evalyard.aio`; edits are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from evalyard import arrow
from evalyard.core.pages import page
from evalyard.core.wire import Params

if TYPE_CHECKING:
    from evalyard.client.deployment import Evalyard

T = TypeVar("T")


class Pages(Generic[T]):
    """A list of the API, read page by page while it is iterated.

    >>> [device.serial for device in ev.devices.list(model="m")]
    ['dev-1']
    """

    def __init__(self, api: Evalyard, path: str, params: Params, kind: type[T]) -> None:
        self._api = api
        self._path = path
        self._params = params
        self._kind = kind

    def __iter__(self) -> Iterator[T]:
        for items in self.pages():
            for item in items:
                yield item

    def pages(self) -> Iterator[list[T]]:
        """The pages as lists.

        >>> [len(page) for page in ev.devices.list(model="m").pages()]
        [1]
        """
        cursor: str | None = None
        for _ in count():
            steps = page(self._path, self._params, self._kind, cursor, self._api.patience)
            items, cursor = self._api.walk(steps)
            yield items
            if cursor is None:
                return

    def to_arrow(self) -> Any:
        """All items as a `pyarrow.Table`.

        >>> table = ev.devices.list().to_arrow()
        """
        return arrow.table([item for item in self])
