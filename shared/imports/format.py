"""What a format is: how a tool's records are recognised, what becomes of them, what is left out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.imports.members import RowRefused

JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
EVENT_STREAM, MARKDOWN, TEXT = "text/event-stream", "text/markdown", "text/plain"

Members = Mapping[str, Any]


class Source(NamedTuple):
    """Which member of a record becomes which member of a run, and the unit that it comes in."""

    source: str
    to: str
    unit: str | None = None


def _nothing(_: Members) -> Iterator[tuple[str, str]]:
    return iter(())


def _never(_: Members) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Format:
    """What a tool writes.

    `rows_of` gives rows in the API's terms, and the refusal of each that is none; it raises
    RowRefused for the record as a whole. `notes` says what was assumed of a record, and
    `is_passed_over` whether it is a part of one that is counted elsewhere. With `rows_stand_alone`
    a bad row costs itself only; else a record gives all of its rows or none, as repetitions of
    one measurement do. `told_by`, `sources`
    and `dropped` say the same to people.
    """

    name: str
    title: str
    media_types: tuple[str, ...] = (JSON, LINES)
    told_by: str
    sources: tuple[Source, ...]
    dropped: tuple[str, ...] = ()
    is_record: Callable[[Members], bool]
    rows_of: Callable[[Members], Iterable[Members | RowRefused]]
    notes: Callable[[Members], Iterator[tuple[str, str]]] = _nothing
    is_passed_over: Callable[[Members], bool] = _never
    rows_stand_alone: bool = False

    def document(self) -> dict[str, Any]:
        """The format as the API describes it."""
        return {
            "format": self.name,
            "title": self.title,
            "media_types": list(self.media_types),
            "told_by": self.told_by,
            "fields": [
                {"from": source, "to": to, "unit": unit} for source, to, unit in self.sources
            ],
            "dropped": list(self.dropped),
        }
