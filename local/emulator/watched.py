"""Containers that call back when something enters or leaves them, in the place of MiniStack's."""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# Account, region, and the name that is unique there.
Scope = tuple[str, str, str]


class WatchedDict(dict[Any, Any]):
    """Takes each value through `enter` before it is stored, and reports those that go.

    MiniStack's scoped containers keep their content in a plain dict; this stands there instead.
    """

    def __init__(
        self,
        enter: Callable[[Scope, Any, Any], Any],
        leave: Callable[[Scope], None],
    ) -> None:
        super().__init__()
        self._enter = enter
        self._leave = leave

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, self._enter(key, value, self.get(key)))

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *sources: Any, **values: Any) -> None:
        for key, value in dict(*sources, **values).items():
            self[key] = value

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._leave(key)

    def pop(self, key: Any, *default: Any) -> Any:
        if key not in self:
            return super().pop(key, *default)
        value = super().pop(key)
        self._leave(key)
        return value

    def clear(self) -> None:
        for key in list(self):
            del self[key]

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in list(self.items())}


class Items(defaultdict[Any, dict[Any, Any]]):
    """A table's items. Saved state has none of them: the journal has."""

    def __init__(self, content: Mapping[Any, Any] | Iterable[Any] = ()) -> None:
        super().__init__(dict, content)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return {}
