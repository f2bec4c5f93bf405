"""Lists of the API, read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from evalyard import arrow
from evalyard.core.pages import page
from evalyard.core.wire import Params

if TYPE_CHECKING:
    from evalyard.aio.deployment import AsyncEvalyard

T = TypeVar("T")


class AsyncPages(Generic[T]):
    """A list of the API, read page by page while it is iterated.

    >>> [device.serial async for device in ev.devices.list(model="m")]
    ['dev-1']
    """

    def __init__(self, api: AsyncEvalyard, path: str, params: Params, kind: type[T]) -> None:
        self._api = api
        self._path = path
        self._params = params
        self._kind = kind

    async def __aiter__(self) -> AsyncIterator[T]:
        async for items in self.pages():
            for item in items:
                yield item

    async def pages(self) -> AsyncIterator[list[T]]:
        """The pages as lists.

        >>> [len(page) async for page in ev.devices.list(model="m").pages()]
        [1]
        """
        cursor: str | None = None
        for _ in count():
            steps = page(self._path, self._params, self._kind, cursor, self._api.patience)
            items, cursor = await self._api.walk(steps)
            yield items
            if cursor is None:
                return

    async def to_arrow(self) -> Any:
        """All items as a `pyarrow.Table`.

        >>> table = await ev.devices.list().to_arrow()
        """
        return arrow.table([item async for item in self])
