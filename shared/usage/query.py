"""What is asked of usage: a window and filters."""

from dataclasses import dataclass, replace
from typing import Any

from shared.runs import DIMENSIONS, FILTERS, condition_of, dimension_sql, forms_of

# The values of one filter, any of which fits.
Values = tuple[str, ...] | tuple[bool, ...]


@dataclass(frozen=True, init=False)
class Filters:
    """Each filter (a column of `FILTERS`, or `cond.<name>`) names values any of which fits; one
    without values means everything, and is not `given`.
    """

    given: tuple[tuple[str, Values], ...]

    def __init__(self, **values: Values) -> None:
        further = sorted(values.keys() - FILTERS.keys())
        if unknown := [name for name in further if condition_of(name) is None]:
            raise TypeError(f"these are no filters: {unknown}")
        given = tuple((name, values[name]) for name in (*FILTERS, *further) if values.get(name))
        object.__setattr__(self, "given", given)

    def over(self, common: "Filters") -> "Filters":
        """These filters, and of the common ones those of other names."""
        return Filters(**dict((*common.given, *self.given)))

    def document(self) -> dict[str, Any]:
        """The filters that are set, as responses echo them."""
        return {name: list(values) for name, values in self.given}

    def condition(self) -> tuple[str, list[Any]]:
        """A SQL condition over runs, and its parameters."""
        clauses = ["true", *(f"list_contains(?, {dimension_sql(name)})" for name, _ in self.given)]
        return " AND ".join(clauses), [_looked_for(name, values) for name, values in self.given]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that are filtered by."""
        return tuple(name for name, _ in self.given if name in DIMENSIONS or condition_of(name))


def _looked_for(name: str, values: Values) -> list[str] | list[bool]:
    """What a column of runs holds where one of the values fits."""
    if condition_of(name) is None:
        return list(values)  # type: ignore[return-value]  # All texts, or all booleans.
    return [form for value in values for form in forms_of(str(value))]


@dataclass(frozen=True)
class UsageQuery:
    """Runs of one user in `[from_us, to_us)` that pass the filters."""

    user_id: str
    from_us: int
    to_us: int
    filters: Filters = Filters()

    def since(self, from_us: int) -> "UsageQuery":
        """The same question about a window that begins at another instant."""
        return replace(self, from_us=from_us)

    def before(self) -> "UsageQuery":
        """The same question about the window of the same length just before.

        It begins in 1970 at the earliest, as all windows do, so it may be shorter, or empty.
        """
        length = self.to_us - self.from_us
        return replace(self, from_us=max(0, self.from_us - length), to_us=self.from_us)
