"""The parameters of a query, judged by their names before anything is looked up."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, get_args, get_origin
from urllib.parse import urlencode

import msgspec
from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query

from shared.errors import Fault, MalformedInput

# What stands in the name of a parameter that is one of many: `cond.<name>` is `cond.quant`, ….
_ANY_NAME = "<name>"
_NAME = "[a-z][a-z0-9_]{0,39}"


class QueryParameters(msgspec.Struct, frozen=True):
    """Which parameters a route takes, and which of them may repeat.

    One whose name ends with `<name>` stands for all that have a name there. Its values come as
    `name=value` of each.
    """

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

    def values(self, request: Request, names: Iterable[str]) -> list[str]:
        """What a request says of those of some parameters that the route takes."""
        if not request.scope["query_string"]:
            return []
        known = [name for name in names if name in self.names]
        return [value for name in known for value in request.query_params.getlist(name)]

    def read(self, request: Request) -> None:
        """Judge the names, and gather those that are one of many under the name of all of them.

        Raises MalformedInput (`unknown_parameter`, `repeated_parameter`).
        """
        if not request.scope["query_string"]:
            return
        items = request.query_params.multi_items()
        self._check(Counter(name for name, _ in items))
        if any(self._family(name) for name, _ in items):
            gathered = [self._gathered(name, value) for name, value in items]
            request.scope["query_string"] = urlencode(gathered).encode()
            del request._query_params  # Starlette keeps what it read of the scope.

    def _gathered(self, name: str, value: str) -> tuple[str, str]:
        family = self._family(name)
        if family is None:
            return name, value
        return family, f"{name.removeprefix(family.removesuffix(_ANY_NAME))}={value}"

    def _family(self, name: str) -> str | None:
        """The parameter that stands for this one and others."""
        families = (each for each in self.names if each.endswith(_ANY_NAME))
        return next((each for each in families if _is_of(each, name)), None)

    def _check(self, given: Counter[str]) -> None:
        unknown = [
            name
            for name in given
            if (name not in self.names or name.endswith(_ANY_NAME)) and self._family(name) is None
        ]
        if unknown:
            raise self._refused("unknown_parameter", unknown, "is no parameter of this path")
        repeated = [
            name
            for name, n in given.items()
            if n > 1 and (self._family(name) or name) not in self.repeatable
        ]
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


def _is_of(family: str, name: str) -> bool:
    start = family.removesuffix(_ANY_NAME)
    return name.startswith(start) and re.fullmatch(_NAME, name[len(start) :]) is not None


def _is_list(annotation: Any) -> bool:
    """Whether a parameter's type is a list, or a list or None."""
    return get_origin(annotation) in (list, tuple, set) or any(map(_is_list, get_args(annotation)))
