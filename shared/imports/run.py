"""One row in the API's own terms to one run: types are meant literally, nothing is guessed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from shared import clock
from shared.clock import UnreadableTime
from shared.runs import (
    MAX_LABEL_CHARACTERS,
    SHOWN,
    Column,
    Run,
    ValueRefused,
    derived_tok_s,
    read_amount,
    read_count,
    read_flag,
    read_label,
    read_number,
)
from shared.segment_ids import batch_id_of, run_id_of

SOURCE_KIND = "import"
MAX_EXTRAS = 256
KNOWN = frozenset(column.public_name for column in SHOWN) | {"time"}

_READERS: dict[str, Callable[[object], Any]] = {
    "count": read_count,
    "amount": read_amount,
    "flag": read_flag,
}
_CUT = tuple(column for column in SHOWN if column.cut)
# Members that are read by their kind alone.
_PLAIN = tuple(
    column
    for column in SHOWN
    if not column.cut and (column.kind == "text" or column.kind in _READERS)
    if column.name != "run_id"
)

Value = TypeVar("Value")
# Tells that a member was treated in some way: its name, and how.
Note = Callable[[str, str], None]


class RowRefused(ValueError):
    """A row that is no run: where in it, and why."""

    def __init__(self, path: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.path = path
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Batch:
    """Who imports, the segment that it becomes, when it began, and labels for rows without.

    With `repeatable` all of it is the same whenever the same call is carried out again.
    """

    user_id: str
    tenant: str
    segment_id: str
    began_us: int
    repeatable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def batch_id(self) -> str:
        """How the API calls this import."""
        return batch_id_of(self.segment_id)

    @cached_property
    def otherwise(self) -> dict[str, str]:
        """What a row of this import is taken to say where it does not."""
        return {"source_kind": SOURCE_KIND, "tenant": self.tenant, **self.labels}


def run_of(row: Mapping[str, Any], place: int, batch: Batch, note: Note) -> Run:
    """The run that a row describes; without an id it is named by its place. Raises RowRefused."""
    if KNOWN.isdisjoint(row):
        raise RowRefused("", "not_a_run", "none of its members is one of a run")
    plain = {column.name: _plain(row, column) for column in _PLAIN}
    said = {name: value for name, value in plain.items() if value is not None}
    if "tok_s" not in said:
        said["tok_s"] = derived_tok_s(
            plain["completion_tokens"], plain["latency_ms"], plain["ttft_ms"]
        )
    return Run(
        run_id=_run_id(row) or run_id_of(batch.segment_id, place),
        ts_us=_time(row, batch, note),
        **(batch.otherwise | said | _cut_texts(row, note)),
        extra=_extras(row, note),
        batch_id=batch.batch_id,
    )


def read(row: Mapping[str, Any], name: str, of: Callable[[object], Value]) -> Value | None:
    """A member that may be absent or null. Raises RowRefused."""
    value = row.get(name)
    if value is None:
        return None
    try:
        return of(value)
    except ValueRefused as exc:
        raise RowRefused(name, exc.code, f"{name} {exc.detail}") from exc


def _run_id(row: Mapping[str, Any]) -> str | None:
    run_id = _label(row, "run_id")
    if run_id == "":
        raise RowRefused("run_id", "empty", "run_id must not be empty; leave it out")
    return run_id


def _plain(row: Mapping[str, Any], column: Column) -> Any:
    if column.kind == "text":
        return _label(row, column.name)
    return read(row, column.name, _READERS[column.kind])


def _label(row: Mapping[str, Any], name: str) -> str | None:
    text = read(row, name, read_label)
    if text is not None and len(text) > MAX_LABEL_CHARACTERS:
        raise RowRefused(
            name, "label_too_long", f"{name} has more than {MAX_LABEL_CHARACTERS} characters"
        )
    return text


def _cut_texts(row: Mapping[str, Any], note: Note) -> dict[str, str | None]:
    """The columns whose text may be longer than what is kept of it."""
    found = {}
    for column in _CUT:
        text = read(row, column.name, read_label)
        if text is not None and len(text) > (column.cut or 0):
            note(column.name, f"cut to {column.cut} characters")
            text = text[: column.cut]
        found[column.name] = text
    return found


def _time(row: Mapping[str, Any], batch: Batch, note: Note) -> int:
    name = "ts" if row.get("ts") is not None else "time"
    value = row.get(name)
    if value is None:
        if "ts" in row or "time" in row:
            raise RowRefused("ts", "time_missing", "ts is null; leave it out to mean now")
        note("ts", "absent: the time of the import")
        return batch.began_us
    try:
        return clock.read_time(value)
    except UnreadableTime as exc:
        raise RowRefused(name, "time_unreadable", f"{name}: {exc}") from exc


def _extras(row: Mapping[str, Any], note: Note) -> dict[str, float]:
    """What stands in `extra`, and further members that are numbers."""
    extras = _further(row, note) if row.keys() - KNOWN else {}
    given = row.get("extra")
    if given is not None:
        extras |= _given(given)
    if len(extras) > MAX_EXTRAS:
        raise RowRefused("extra", "too_many_extras", f"a run has at most {MAX_EXTRAS} extras")
    return extras


def _given(extra: object) -> dict[str, float]:
    if not isinstance(extra, Mapping):
        raise RowRefused("extra", "not_an_object", "extra maps labels to numbers")
    return {
        _extra_label(label): value
        for label in extra
        if (value := _extra_number(extra, label)) is not None
    }


def _further(row: Mapping[str, Any], note: Note) -> dict[str, float]:
    found = {}
    for name in row:
        if name in KNOWN or row[name] is None:
            continue
        number = isinstance(row[name], int | float) and not isinstance(row[name], bool)
        note(name, "extra" if number else "ignored")
        if number:
            found[_extra_label(name)] = _finite(row[name], _escaped(name))
    return found


def _extra_number(extra: Mapping[str, Any], label: str) -> float | None:
    return None if extra[label] is None else _finite(extra[label], f"extra/{_escaped(label)}")


def _finite(value: object, field: str) -> float:
    try:
        return read_number(value)
    except ValueRefused as exc:
        raise RowRefused(field, exc.code, f"{field[:100]} {exc.detail}") from exc


def _extra_label(label: str) -> str:
    if len(label) > MAX_LABEL_CHARACTERS:
        raise RowRefused(
            "extra",
            "label_too_long",
            f"a label of extra has more than {MAX_LABEL_CHARACTERS} characters",
        )
    return label


def _escaped(name: str) -> str:
    """A name as a step of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")
