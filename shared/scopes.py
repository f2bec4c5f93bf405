"""What tokens with a scope narrower than their user's rights may call: the one table of it.

`full` may all that its user may. `read` may every GET of the user's own and what only tries
something out, `ingest` may append and import, `metrics` may scrape.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from shared.errors import Forbidden

Scope = Literal["full", "read", "ingest", "metrics"]

# Parameters that make a call change nothing.
TRIALS = ("dry_run", "preview")
_EVERYBODYS = {("GET", "/accounts/me")}
_INGESTS = {("POST", "/user/data/append_jsonl"), ("POST", "/usage/import")}
# They change nothing; their question only has no room in a query.
_READS = {("POST", "/usage/gate")}
_METRICS = "/metrics"
_TRUE = ("1", "true", "yes", "on", "t", "y")


def check_scope(
    scope: str, method: str, path: str, *, trials: Sequence[str] = (), admins: bool = False
) -> None:
    """Raises Forbidden, with the least scope that would do.

    `path` is as in the document, `trials` are the values of the call's parameters of TRIALS, and
    `admins` marks a route that is for administrators only.
    """
    if scope == "full":
        return
    is_trial = bool(trials) and all(value.lower() in _TRUE for value in trials)
    allowed = tuple(_allowing(method, path, is_trial=is_trial, admins=admins))
    if scope not in allowed:
        raise Forbidden(
            f"this token's scope is {scope}; the call needs {allowed[0]}",
            required_scope=allowed[0],
        )


def _allowing(method: str, path: str, *, is_trial: bool, admins: bool) -> Iterator[Scope]:
    """The scopes that may make a call, the least first."""
    place = (method, path)
    if place in _EVERYBODYS or path == _METRICS or path.startswith(f"{_METRICS}/"):
        yield "metrics"
    if place in _EVERYBODYS or place in _INGESTS:
        yield "ingest"
    reads = method in ("GET", "HEAD") or place in _READS or is_trial
    if reads and not admins:
        yield "read"
    yield "full"
