"""Windows, filters and groups of bodies, as questions to usage."""

from collections.abc import Sequence
from typing import Any

from functions.usage.gate_schemas import DEFAULT_BY, SideBody, WindowBody
from functions.usage.parameters import GROUPABLE
from shared import clock
from shared.clock import UnreadableTime
from shared.errors import Fault, Unacceptable
from shared.http import Window
from shared.http.windows import DEFAULT_S, last
from shared.runs import DIMENSIONS, FILTERS, PREFIX, condition_of
from shared.usage import Filters, UsageQuery

_ALLOWED = (*FILTERS, f"{PREFIX}<name>")


def question_of(user_id: str, side: SideBody, at: str = "") -> UsageQuery:
    """The question of a side of a body, which stands at a pointer. Raises Unacceptable."""
    window = window_of(side.window, f"{at}/window")
    assert window.from_us is not None, "it is resolved"
    assert window.to_us is not None, "it is resolved"
    return UsageQuery(user_id, window.from_us, window.to_us, filters_of(side.filters, at))


def window_of(body: WindowBody | None, at: str) -> Window:
    """The window that a body asks for, resolved. Raises Unacceptable."""
    if body is None:
        return last(DEFAULT_S)
    between = body.from_ is not None or body.to is not None
    if (body.last_s is not None) is between:
        raise _refused(at, "window_conflict", "give last_s, or from and to")
    if body.last_s is not None:
        return last(body.last_s)
    start, end = _instant(body.from_, f"{at}/from", 0), _instant(body.to, f"{at}/to", None)
    if start >= end:
        raise _refused(at, "window_empty", "from must be before to, and not in the future")
    return Window(start, end)


def filters_of(given: dict[str, Any], at: str) -> Filters:
    """The filters of a body. Raises Unacceptable for unknown names and values of another kind."""
    found = {}
    for name, value in given.items():
        pointer = f"{at}/filters/{name[:100]}"
        if name not in FILTERS and condition_of(name) is None:
            detail = f"{name[:100]!r} is no filter"
            fault = Fault(pointer, "unknown_filter", detail, allowed=_ALLOWED)
            raise Unacceptable(detail, code="unknown_filter", faults=(fault,), allowed=_ALLOWED)
        values = value if isinstance(value, list) else [value]
        if not values:
            raise _refused(pointer, "filter_empty", f"{name} names no value; leave it out for all")
        found[name] = tuple(_value(name, each, pointer) for each in values)
    return Filters(**found)


def grouping_of(names: Sequence[str] | None, at: str) -> tuple[str, ...]:
    """The dimensions of a body, each once. Raises Unacceptable."""
    chosen = tuple(dict.fromkeys(DEFAULT_BY if names is None else names))
    unknown = [name for name in chosen if name not in DIMENSIONS and condition_of(name) is None]
    if unknown:
        detail = f"{unknown[0][:100]!r} is nothing that runs are grouped by"
        fault = Fault(at, "not_allowed", detail, allowed=GROUPABLE)
        raise Unacceptable(detail, code="validation_failed", faults=(fault,), allowed=GROUPABLE)
    return chosen


def _value(name: str, value: Any, pointer: str) -> Any:
    if name in FILTERS and FILTERS[name].kind == "flag":
        if value not in ("true", "false") and not isinstance(value, bool):
            raise _refused(pointer, "not_a_boolean", f"{name} is true or false")
        return value in ("true", True)
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, str) and condition_of(name) is None:
        raise _refused(pointer, "not_a_string", f"{name} is text")
    return str(value)


def _instant(value: str | float | None, at: str, otherwise: int | None) -> int:
    if value is None:
        return clock.now_us() + 1 if otherwise is None else otherwise
    try:
        return clock.read_time(value)
    except UnreadableTime as exc:
        raise _refused(at, "time_unreadable", str(exc)) from exc


def _refused(at: str, code: str, detail: str) -> Unacceptable:
    return Unacceptable(detail, code=code, faults=(Fault(at, code, detail),))
