"""One row in the API's own terms to one run: types are meant literally, nothing is guessed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from shared.datasets import Adapter
from shared.errors import pointer_step
from shared.imports.extras import extras_of
from shared.imports.hints import IN_SECONDS, nearly
from shared.imports.members import Note, RepeatedKey, RowRefused, read
from shared.imports.moments import any_time_name, time_of
from shared.runs import (
    DIMENSIONS,
    MAX_CONDITIONS,
    MAX_LABEL_CHARACTERS,
    MEASURED,
    SHOWN,
    Column,
    ConditionInvalid,
    Run,
    read_amount,
    read_conditions,
    read_count,
    read_flag,
    read_label,
    speed_of,
)
from shared.segment_ids import batch_id_of, run_id_of

SOURCE_KIND = "import"
# Members in which others put the array of rows.
AROUND_ROWS = ("rows", "runs", "results", "data")
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
_NUMBERS = frozenset(MEASURED) - {"ok", "extra"}
_NO_DEVICE = ("", "CPU")
# A speed that no device has yet.
_FASTEST = 20_000


@dataclass(frozen=True)
class Batch:
    """Who imports, the segment that it becomes, when it began, and labels for rows without.

    `format` is what the records are of, where the caller says it; an `adapter` maps them instead.

    With `repeatable` all of it is the same whenever the same call is carried out again.
    """

    user_id: str
    tenant: str
    segment_id: str
    began_us: int
    repeatable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    # As kept; for rows that do not say them.
    conditions: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None
    adapter: Adapter | None = None
    # What the file says of all its rows; it stands before `labels`, which the caller adds.
    common: Mapping[str, Any] = field(default_factory=dict)

    @property
    def batch_id(self) -> str:
        """How the API calls this import."""
        return batch_id_of(self.segment_id)

    @cached_property
    def otherwise(self) -> dict[str, str]:
        """What a row of this import is taken to say where it does not."""
        said = {"source_kind": SOURCE_KIND, "tenant": self.tenant}
        return {**said, **self.labels, **self.common_labels}

    @cached_property
    def common_labels(self) -> dict[str, str]:
        """The labels that the file says of all its rows."""
        return {name: label for name, label in self.common.items() if name in DIMENSIONS}


def run_of(
    row: Mapping[str, Any], place: int, batch: Batch, note: Note, *, by_tool: bool = False
) -> Run:
    """The run that a row describes; without an id it is named by its place. Raises RowRefused.

    A row that measured nothing may still be meant, where its sender gave it a time or an id;
    those of a tool's record were given by us.
    """
    row = _in_ms(row, note)
    if KNOWN.isdisjoint(row):
        detail = _error(row) or f"none of its members is one of a run{nearly(row, KNOWN)}"
        raise RowRefused("", "not_a_run", detail)
    said = _said(row)
    when = any_time_name(row, batch.common, KNOWN, batch.began_us)
    extra = extras_of(row, KNOWN | {when or "ts"}, note)
    if not (_measured(said, extra) or (not by_tool and _is_meant(row))):
        raise RowRefused("", "nothing_measured", _nothing(row))
    for name in batch.common_labels.keys() - said.keys():
        note(name, "said once, around the rows")
    said |= {"tok_s": _speed(said, note)}
    doubt(said, note)
    return Run(
        run_id=given_id(row) or run_id_of(batch.segment_id, place),
        ts_us=time_of(row, when, batch.common, batch.began_us, note),
        **(batch.otherwise | placed(said, batch, note) | _cut_texts(row, note)),
        extra=extra,
        conditions=_conditions(row, batch, note, by_tool=by_tool),
        batch_id=batch.batch_id,
    )


def _error(row: Mapping[str, Any]) -> str | None:
    """What a server's error says, which stands where an answer was to be."""
    error = row.get("error")
    said = error.get("message") if isinstance(error, Mapping) else error
    return f"this is an error, no answer: {said[:100]}" if isinstance(said, str) else None


def _in_ms(row: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
    """The row with durations whose names say seconds in milliseconds."""
    found: dict[str, Any] = {}
    for name, own in IN_SECONDS.items():
        if row.get(name) is not None and row.get(own) is None:
            found[own] = (read(row, name, read_amount) or 0.0) * 1000
            note(name, f"{own}: its name says seconds")
    if not found:
        return row
    taken = {name for name, own in IN_SECONDS.items() if own in found}
    return {name: value for name, value in row.items() if name not in taken} | found


def placed(said: dict[str, Any], batch: Batch, note: Note) -> dict[str, Any]:
    """What is said, without a device that says nothing where the caller names a better one."""
    own, named = said.get("device"), batch.labels.get("device")
    if own is None or named is None or own == named:
        return said
    if own.strip() in _NO_DEVICE:
        return {name: value for name, value in said.items() if name != "device"}
    note("device", "as the rows say it, not as ?device= does")
    return said


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the plain members say."""
    plain = {column.name: _plain(row, column) for column in _PLAIN}
    return {name: value for name, value in plain.items() if value is not None}


def _measured(said: Mapping[str, Any], extra: Mapping[str, float]) -> bool:
    """Whether there is a number, or a failure, which is one too."""
    return bool(extra) or said.get("ok") is False or not _NUMBERS.isdisjoint(said)


def _speed(said: Mapping[str, Any], note: Note) -> float | None:
    """The decode speed as said, else derived; fewer than two tokens have none."""
    speed = speed_of(*map(said.get, ("tok_s", "completion_tokens", "latency_ms", "ttft_ms")))
    if "tok_s" in said and speed is None:
        note("tok_s", "ignored: fewer than two tokens have no speed")
    return speed


def doubt(said: Mapping[str, Any], note: Note) -> None:
    """Say of numbers that are taken as they are where they can hardly be right."""
    if (said.get("ttft_ms") or 0) > said.get("latency_ms", math.inf):
        note("ttft_ms", "as sent, though it is longer than latency_ms")
    if (said["tok_s"] or 0) > _FASTEST:
        note("tok_s", f"above {_FASTEST} tokens a second: is a time in seconds, not ms?")


def _is_meant(row: Mapping[str, Any]) -> bool:
    return any(name in row for name in ("ts", "time", "run_id"))


def _nothing(row: Mapping[str, Any]) -> str:
    detail = "no token count, latency, TTFT, tok_s or extra: a label alone is no run"
    inside = [name for name in AROUND_ROWS if isinstance(row.get(name), list)]
    if inside:
        return f"{detail}; send the array {inside[0]!r} as the JSON body"
    nested = [name for name in row if _has_known(row[name])]
    advice = "is read by an adapter with dotted fields (?adapter=)"
    return f"{detail}; what is inside of {nested[0][:40]!r} {advice}" if nested else detail


def _has_known(value: object) -> bool:
    return isinstance(value, Mapping) and not KNOWN.isdisjoint(value)


def given_id(row: Mapping[str, Any]) -> str | None:
    """The id that a row brings, if any. Raises RowRefused."""
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


def with_conditions(own: Mapping[str, str], batch: Batch) -> dict[str, str]:
    """A row's own conditions, and those of the call that it does not say. Raises RowRefused."""
    found = dict(sorted({**batch.conditions, **own}.items()))
    if len(found) > MAX_CONDITIONS:
        detail = f"with those of the query it has more than {MAX_CONDITIONS} conditions"
        raise RowRefused("conditions", ConditionInvalid.code, detail)
    return found


def _conditions(
    row: Mapping[str, Any], batch: Batch, note: Note, *, by_tool: bool
) -> dict[str, str]:
    """Under what it ran. Raises RowRefused."""
    own = _own_conditions(row)
    if by_tool:
        # Which of a tool's options became conditions we chose; they make room for the caller's.
        added = batch.conditions.keys() - own.keys()
        room = MAX_CONDITIONS - len(added)
        for name in list(own)[room:]:
            note(f"conditions.{name}", "left out: those of the query take its room")
        own = dict(list(own.items())[:room])
    return with_conditions(own, batch)


def _own_conditions(row: Mapping[str, Any]) -> dict[str, str]:
    """What a row says itself. Raises RowRefused."""
    said = row.get("conditions")
    if isinstance(said, RepeatedKey):
        raise said.refused("conditions")
    try:
        return read_conditions(said)
    except ConditionInvalid as exc:
        path = f"conditions/{pointer_step(exc.name)}" if exc.name else "conditions"
        raise RowRefused(path, exc.code, exc.detail) from exc


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
