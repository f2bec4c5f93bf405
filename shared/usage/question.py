"""What is asked of usage: a window and filters."""

from dataclasses import dataclass, fields, replace
from typing import Any

from shared.runs import DIMENSIONS


@dataclass(frozen=True)
class Filters:
    """Each filter names values any of which fits; empty means everything."""

    model: tuple[str, ...] = ()
    device: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()
    dataset: tuple[str, ...] = ()
    source_kind: tuple[str, ...] = ()
    ok: tuple[bool, ...] = ()

    def document(self) -> dict[str, Any]:
        """The filters that are set, as responses echo them."""
        return {name: list(values) for name, values in self._set()}

    def condition(self) -> tuple[str, list[Any]]:
        """A SQL condition over runs, and its parameters."""
        clauses, parameters = ["true"], []
        for name, values in self._set():
            clauses.append(f"list_contains(?, {name})")
            parameters.append(list(values))
        return " AND ".join(clauses), parameters

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that are filtered by."""
        return tuple(name for name, _ in self._set() if name in DIMENSIONS)

    def _set(self) -> list[tuple[str, tuple[Any, ...]]]:
        pairs = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, values) for name, values in pairs if values]


@dataclass(frozen=True)
class Question:
    """Runs of one user in `[from_us, to_us)` that pass the filters."""

    user_id: str
    from_us: int
    to_us: int
    filters: Filters = Filters()

    def since(self, from_us: int) -> "Question":
        """The same question about a window that begins at another instant."""
        return replace(self, from_us=from_us)

    def before(self) -> "Question":
        """The same question about the window of the same length just before.

        It begins in 1970 at the earliest, as all windows do, so it may be shorter, or empty.
        """
        length = self.to_us - self.from_us
        return replace(self, from_us=max(0, self.from_us - length), to_us=self.from_us)
