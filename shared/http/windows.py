"""The time window of a question: `minutes`, `since_s`, or `from`/`to`."""

from typing import Annotated, Any

import msgspec
from fastapi import Query

from shared import clock
from shared.clock import SECOND_US, UnreadableTime
from shared.errors import Fault, MalformedInput

DEFAULT_S = 86_400
_MAX_S = 10_000_000_000


class Window(msgspec.Struct, frozen=True):
    """Half-open `[from_us, to_us)`; None is open-ended. `given`: whether the caller chose it."""

    from_us: int | None
    to_us: int | None
    given: bool = True

    def document(
        self, bucket_s: int | None = None, partial_last_bucket: bool = False
    ) -> dict[str, Any]:
        """How responses echo the window."""
        return {
            "from": clock.iso_or_none(self.from_us),
            "to": clock.iso_or_none(self.to_us),
            "bucket_s": bucket_s,
            "partial_last_bucket": partial_last_bucket,
        }

    def or_last(self, seconds: int = DEFAULT_S) -> "Window":
        """This window, or the last `seconds` where the caller chose none."""
        return self if self.given else last(seconds)


def span_document(span: tuple[int, int] | None) -> dict[str, str] | None:
    """The earliest and the latest of some instants as answers show them."""
    if span is None:
        return None
    first = clock.iso(span[0])
    return {"from": first, "to": first if span[1] == span[0] else clock.iso(span[1])}


def last(seconds: float) -> Window:
    """The window of the last n seconds; it includes the present instant.

    Instants begin in 1970: a window that would reach further back holds everything.
    """
    now = clock.now_us() + 1
    return Window(max(0, now - max(1, round(seconds * SECOND_US))), now)


def requested_window(
    minutes: Annotated[
        float | None, Query(gt=0, lt=_MAX_S, description="The last n minutes; at most since 1970.")
    ] = None,
    since_s: Annotated[
        float | None, Query(gt=0, lt=_MAX_S, description="The last n seconds; at most since 1970.")
    ] = None,
    from_: Annotated[
        str | None, Query(alias="from", description="Start (inclusive): ISO 8601 or epoch.")
    ] = None,
    to: Annotated[str | None, Query(description="End (exclusive): ISO 8601 or epoch.")] = None,
) -> Window:
    """The window that the query asks for. Raises MalformedInput (`window_conflict`, …)."""
    forms = [minutes is not None, since_s is not None, from_ is not None or to is not None]
    if sum(forms) > 1:
        raise MalformedInput(
            "give minutes, or since_s, or from/to, not two of them", code="window_conflict"
        )
    if minutes is not None or since_s is not None:
        return last(since_s if since_s is not None else (minutes or 0) * 60)
    if not any(forms):
        return Window(None, None, given=False)
    return _between(from_, to)


def _between(from_: str | None, to: str | None) -> Window:
    start = _instant("from", from_)
    end = _instant("to", to)
    if start is not None and end is not None and start >= end:
        raise MalformedInput("the window is empty: from must be before to", code="window_empty")
    return Window(start, end)


def _instant(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        # An unencoded "+" of an offset arrives as a space.
        return clock.read_time(text.replace(" ", "+") if "T" in text else text)
    except UnreadableTime as exc:
        raise MalformedInput(
            f"{name}: {exc}",
            code="invalid_parameter",
            faults=(Fault(f"/query/{name}", "invalid_parameter", str(exc)),),
        ) from exc
