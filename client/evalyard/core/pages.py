"""Lists: page after page by cursor."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from evalyard.core.sending import Patience, ask, convert, get
from evalyard.core.wire import Params, Steps, query

T = TypeVar("T")


class _Page(msgspec.Struct):
    data: list[Any]
    next_cursor: str | None = None
    has_more: bool = False


def page(
    path: str, params: Params, kind: type[T], cursor: str | None, patience: Patience
) -> Steps[tuple[list[T], str | None]]:
    """One page, and the cursor of the next; None after the last one."""
    request = get(path, params + query({"cursor": cursor}))
    answer = yield from ask(request, _Page, patience)
    items = [convert(each, kind) for each in answer.data]
    return items, answer.next_cursor if answer.has_more else None
