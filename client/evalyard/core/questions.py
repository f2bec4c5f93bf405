"""Filters, windows and bodies of what is asked about usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalyard.core.wire import Params, query, without_nones

Filters = Mapping[str, object]
Window = Mapping[str, object]
Rules = Sequence[Mapping[str, object]]


def parameters(filters: Filters | None, window: Window | None, **others: object) -> Params:
    """Query parameters: filters by name (`cond.quant` too), and a window.

    A window has `minutes`, `since_s`, or `from` and `to`; `last_s` is another name of `since_s`.
    """
    return query({**_window(window), **_filters(filters), **others})


def compared(
    a: Filters | None,
    b: Filters | None,
    a_window: Window | None,
    b_window: Window | None,
    **others: object,
) -> Params:
    """The parameters of two sides."""
    sides = [
        ("a_", {**_window(a_window), **_filters(a)}),
        ("b_", {**_window(b_window), **_filters(b)}),
    ]
    return query(
        {
            **{prefix + name: value for prefix, side in sides for name, value in side.items()},
            **others,
        }
    )


def gate_body(
    *,
    baseline: str | None,
    reference: Mapping[str, object] | None,
    filters: Filters | None,
    window: Window | None,
    by: Sequence[str] | None,
    rules: Rules | None,
    min_runs: int | None,
    require_same: Sequence[str] | None,
    fdr: float | None,
) -> dict[str, Any]:
    """The body of a gate; what is None is left to the service."""
    return without_nones(
        [
            ("baseline", baseline),
            ("reference", reference),
            ("candidate", side_body(filters, window)),
            ("by", by),
            ("rules", rules),
            ("min_runs", min_runs),
            ("require_same", require_same),
            ("fdr", fdr),
        ]
    )


def side_body(filters: Filters | None, window: Window | None) -> dict[str, object]:
    """Some runs, in a body: there filters are lists, and a window has `last_s`."""
    lists = {
        name: list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
        for name, value in (filters or {}).items()
    }
    return without_nones([("filters", lists), ("window", _body_window(window))])


def _filters(filters: Filters | None) -> dict[str, object]:
    for name, value in (filters or {}).items():
        if isinstance(value, (list, tuple, set, frozenset)) and not value:
            # A query would not have it at all, and so be about all runs.
            raise ValueError(f"the filter {name!r} has no value: leave it out, or say which fit")
    # `ok` is the only filter that is a truth value.
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in (filters or {}).items()
    }


def _window(window: Window | None) -> dict[str, object]:
    given = dict(window or {})
    if "last_s" in given:
        given["since_s"] = given.pop("last_s")
    return given


def _body_window(window: Window | None) -> dict[str, object] | None:
    if window is None:
        return None
    given = dict(window)
    if "minutes" in given:
        given["last_s"] = float(str(given.pop("minutes"))) * 60
    if "since_s" in given:
        given["last_s"] = given.pop("since_s")
    return {name: _moment(value) for name, value in given.items()}


def _moment(value: object) -> object:
    moment = getattr(value, "isoformat", None)
    return moment() if moment is not None else value
