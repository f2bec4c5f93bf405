"""What tokens with a scope narrower than their user's rights may call: the one table of it.

`full` may all that its user may. `read` may every GET of the user's own and what only tries
something out, `ingest` may append and import, `metrics` may scrape.
"""

from collections.abc import Iterator
from typing import Literal

from starlette.datastructures import QueryParams

from shared.errors import Forbidden

Scope = Literal["full", "read", "ingest", "metrics"]

_EVERYBODYS = {("GET", "/accounts/me")}
_INGESTS = {("POST", "/user/data/append_jsonl"), ("POST", "/usage/import")}
# They change nothing; their question only has no room in a query.
_READS = {("POST", "/usage/gate")}
_METRICS = "/metrics"
# Parameters that make a call change nothing.
_TRIALS = ("dry_run", "preview")
_TRUE = ("1", "true", "yes", "on", "t", "y")


def check_scope(scope: str, wanted: "WantedCall") -> None:
    """Raises Forbidden, with the least scope that would do."""
    allowed = tuple(wanted.allowing())
    if scope not in allowed:
        raise Forbidden(
            f"this token's scope is {scope}; the call needs {allowed[0]}",
            required_scope=allowed[0],
        )


class WantedCall:
    """A call as far as scopes judge it. `admins` marks a route that is for administrators only,
    `parameters` are those that the route takes.
    """

    def __init__(
        self,
        method: str,
        path: str,
        query: QueryParams,
        parameters: tuple[str, ...],
        *,
        admins: bool,
    ) -> None:
        self._place = (method, path)
        self._query, self._parameters, self._admins = query, parameters, admins

    def allowing(self) -> Iterator[Scope]:
        """The scopes that may make it, the least first."""
        method, path = self._place
        if self._place in _EVERYBODYS or (path == _METRICS or path.startswith(f"{_METRICS}/")):
            yield "metrics"
        if self._place in _EVERYBODYS or self._place in _INGESTS:
            yield "ingest"
        if not self._admins and (method in ("GET", "HEAD") or self._is_trial()):
            yield "read"
        yield "full"

    def _is_trial(self) -> bool:
        """Whether the call changes nothing, by what it says itself."""
        given = [
            value
            for name in _TRIALS
            if name in self._parameters
            for value in self._query.getlist(name)
        ]
        return self._place in _READS or (bool(given) and all(map(_is_true, given)))


def _is_true(value: str) -> bool:
    return value.lower() in _TRUE
