"""What is asked of usage: a window and filters."""

from dataclasses import dataclass, fields
from typing import Any

# What runs can be grouped by.
DIMENSIONS = ("device", "model", "tag", "tenant", "dataset", "source_kind")


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

    def before(self) -> "Question":
        """The same question about the window of the same length just before."""
        length = self.to_us - self.from_us
        return Question(self.user_id, self.from_us - length, self.from_us, self.filters)
