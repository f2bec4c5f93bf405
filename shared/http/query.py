"""The parameters of a query, judged by their names before anything is looked up."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query

from shared.errors import Fault, MalformedInput


@dataclass(frozen=True)
class QueryParameters:
    """Which parameters a route takes, and which of them may repeat."""

    names: tuple[str, ...]
    repeatable: frozenset[str]

    @classmethod
    def of(cls, dependant: Dependant) -> "QueryParameters":
        """Those of a route, its dependencies' included."""
        fields = [
            field for field in get_flat_params(dependant) if isinstance(field.field_info, Query)
        ]
        lists = {field.alias for field in fields if _is_list(field.field_info.annotation)}
        return cls(tuple(sorted({field.alias for field in fields})), frozenset(lists))

    def check(self, request: Request) -> None:
        """Raises MalformedInput (`unknown_parameter`, `repeated_parameter`)."""
        given = Counter(name for name, _ in request.query_params.multi_items())
        unknown = [name for name in given if name not in self.names]
        if unknown:
            raise self._refused("unknown_parameter", unknown, "is no parameter of this path")
        repeated = [name for name, n in given.items() if n > 1 and name not in self.repeatable]
        if repeated:
            raise self._refused("repeated_parameter", repeated, "may be given once only")

    def _refused(self, code: str, names: list[str], what: str) -> MalformedInput:
        allowed = self.names if code == "unknown_parameter" else None
        faults = tuple(
            Fault(f"/query/{name[:100]}", code, f"{name[:100]} {what}", allowed=allowed)
            for name in names
        )
        summary = "; ".join(fault.detail for fault in faults[:3])
        return MalformedInput(summary, code=code, faults=faults, allowed=allowed)


def _is_list(annotation: Any) -> bool:
    """Whether a parameter's type is a list, or a list or None."""
    return get_origin(annotation) in (list, tuple, set) or any(map(_is_list, get_args(annotation)))
