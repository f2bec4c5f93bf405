"""One row in the API's own terms to one run: types are meant literally, nothing is guessed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from shared import clock
from shared.clock import UnreadableTime
from shared.runs import (
    MAX_LABEL_CHARACTERS,
    PREVIEW_CHARACTERS,
    Run,
    ValueRefused,
    derived_tok_s,
    read_amount,
    read_count,
    read_flag,
    read_label,
    read_number,
)

SOURCE_KIND = "import"
MAX_EXTRAS = 256
KNOWN = frozenset(Run.__struct_fields__) - {"ts_us", "batch_id"} | {"ts", "time"}

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
        return f"bat_{self.segment_id}"


def run_of(row: Mapping[str, Any], place: int, batch: Batch, note: Note) -> Run:
    """The run that a row describes; without an id it is named by its place. Raises RowRefused."""
    if KNOWN.isdisjoint(row):
        raise RowRefused("", "not_a_run", "none of its members is one of a run")
    given = batch.labels
    completion_tokens = read(row, "completion_tokens", read_count)
    latency_ms = read(row, "latency_ms", read_amount)
    ttft_ms = read(row, "ttft_ms", read_amount)
    tok_s = read(row, "tok_s", read_amount)
    if tok_s is None:
        tok_s = derived_tok_s(completion_tokens, latency_ms, ttft_ms)
    ok = read(row, "ok", read_flag)
    return Run(
        run_id=_run_id(row) or f"run_{batch.segment_id}_{place}",
        ts_us=_time(row, batch, note),
        device=_label(row, "device", given.get("device")),
        model=_label(row, "model", given.get("model")),
        tag=_label(row, "tag", given.get("tag")),
        tenant=_label(row, "tenant", batch.tenant),
        prompt_tokens=read(row, "prompt_tokens", read_count),
        completion_tokens=completion_tokens,
        latency_ms=latency_ms,
        ttft_ms=ttft_ms,
        tok_s=tok_s,
        ok=True if ok is None else ok,
        job_id=_label(row, "job_id"),
        dataset=_label(row, "dataset"),
        source_kind=_label(row, "source_kind", SOURCE_KIND) or "",
        prompt_preview=_preview(row, note),
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


def _label(row: Mapping[str, Any], name: str, otherwise: str | None = None) -> str | None:
    text = read(row, name, read_label)
    if text is not None and len(text) > MAX_LABEL_CHARACTERS:
        raise RowRefused(
            name, "label_too_long", f"{name} has more than {MAX_LABEL_CHARACTERS} characters"
        )
    return otherwise if text is None else text


def _preview(row: Mapping[str, Any], note: Note) -> str | None:
    text = read(row, "prompt_preview", read_label)
    if text is None or len(text) <= PREVIEW_CHARACTERS:
        return text
    note("prompt_preview", f"cut to {PREVIEW_CHARACTERS} characters")
    return text[:PREVIEW_CHARACTERS]


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
