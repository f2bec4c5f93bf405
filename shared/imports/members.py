"""The members of a record: read by name, refused by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.runs import ValueRefused

Value = TypeVar("Value")
# Notes how a member was treated: its name, and how.
Note = Callable[[str, str], None]
_LEAST_BAD_STATUS = 400


@dataclass(frozen=True)
class RepeatedKey:
    """Stands in a record for an object that has a key twice."""

    key: str

    def refused(self, name: str) -> "RowRefused":
        """Why the member that holds it is refused."""
        detail = f"the key {self.key[:100]!r} is there twice in one object"
        return RowRefused(name, "duplicate_key", detail)


class RowRefused(ValueError):
    """A row that is no run: where in it, and why."""

    def __init__(self, path: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.path = path
        self.code = code
        self.detail = detail

    def inside(self, path: str) -> "RowRefused":
        """The same of a row that is at a path in a record."""
        return RowRefused(f"{path}/{self.path}" if self.path else path, self.code, self.detail)


def read(row: Mapping[str, Any], name: str, of: Callable[[object], Value]) -> Value | None:
    """A member that may be absent or null. Raises RowRefused."""
    value = row.get(name)
    if value is None:
        return None
    try:
        return of(value)
    except ValueRefused as exc:
        raise RowRefused(name, exc.code, f"{name} {exc.detail}") from exc


def word(members: Mapping[str, Any], name: str) -> str | None:
    """The text that a member holds; None for anything else, which is no word of any format."""
    value = members.get(name)
    return value if isinstance(value, str) else None


def is_number(value: object) -> bool:
    """Whether a member is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_bad_status(value: object) -> bool:
    """Whether a member is an HTTP status that says that a request failed."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and value >= _LEAST_BAD_STATUS
    )
