"""Rows to runs by an adapter, and a finished job's metrics to a row.

A row that cannot become a run stays in the dataset; the answer says why.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from shared import clock
from shared.clock import UnreadableTime
from shared.datasets.adapters import TO_MS, Adapter, ConditionField, ExtraField, TimeUnit
from shared.errors import Fault, pointer_step
from shared.isolation import ROW_UNREADABLE
from shared.runs import (
    MAX_LABEL_CHARACTERS,
    PREVIEW_CHARACTERS,
    ConditionInvalid,
    Run,
    ValueRefused,
    check_storable,
    read_amount,
    read_conditions,
    read_count,
    read_flag,
    read_label,
    read_number,
    read_outcome,
    speed_of,
)

Value = TypeVar("Value")
# The member of a row that is an object of conditions, whatever the adapter says.
CONDITIONS = "conditions"


class RowNotConvertible(ValueError):
    """A row that cannot become a run: which field, and why."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.code = code
        self.detail = detail

    @property
    def path(self) -> str:
        """Where the field is in the row: a JSON Pointer without its first slash."""
        return pointer_step(self.field).replace(".", "/")

    def fault(self, index: int, line: int | None = None) -> Fault:
        """The fault at row `index` of a request or a preview, in that line of the body."""
        pointer = f"/rows/{index}/{self.path}" if self.field else f"/rows/{index}"
        return Fault(pointer, self.code, self.detail, line or index + 1)


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a row's run before the row is read; `at_us` is when the row arrived."""

    run_id: str
    tenant: str
    batch_id: str
    at_us: int


def run_of_row(members: Mapping[str, Any], adapter: Adapter, arrival: Arrival) -> Run:
    """The run that a row describes. Raises RowNotConvertible, whatever may be wrong with it."""
    with every_failure_its_own():
        run = _run_of_row(members, adapter, arrival)
        check_storable(run)
        return run


@contextmanager
def every_failure_its_own() -> Iterator[None]:
    """Whatever fails in a row is that row's failure: raises nothing but RowNotConvertible."""
    try:
        yield
    except (RowNotConvertible, MemoryError):
        raise
    except Exception as exc:
        # The last resort: what is unforeseen in one row must not cost the others of its batch.
        detail = "the row could not be converted: a fault of ours, which was noted"
        raise RowNotConvertible("", ROW_UNREADABLE, detail) from exc


def _run_of_row(members: Mapping[str, Any], adapter: Adapter, arrival: Arrival) -> Run:
    latency_ms = _time_ms(members, adapter.latency_ms_field, adapter.units.latency_ms)
    ttft_ms = _time_ms(members, adapter.ttft_ms_field, adapter.units.ttft_ms)
    completion_tokens = _count(members, adapter.completion_tokens_field)
    tok_s = _number(members, adapter.tok_s_field)
    tok_s = speed_of(tok_s, completion_tokens, latency_ms, ttft_ms)
    preview = _read(members, adapter.prompt_preview_field, read_label)
    return Run(
        run_id=arrival.run_id,
        ts_us=_time(members, adapter.x_field, arrival.at_us),
        device=_label(members, adapter.device_field),
        model=_label(members, adapter.model_field),
        tag=_label(members, adapter.tag_field),
        tenant=arrival.tenant,
        prompt_tokens=_count(members, adapter.prompt_tokens_field),
        completion_tokens=completion_tokens,
        latency_ms=latency_ms,
        ttft_ms=ttft_ms,
        tok_s=tok_s,
        ok=_ok(members, adapter),
        job_id=_label(members, adapter.job_id_field),
        dataset=adapter.dataset,
        prompt_preview=preview[:PREVIEW_CHARACTERS] if preview else preview,
        extra=_extras(members, adapter.extra_fields),
        batch_id=arrival.batch_id,
        conditions=_conditions(members, adapter.condition_fields),
    )


def job_row(adapter: Adapter, facts: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The row that a finished job leaves in its adapter's dataset.

    `facts` has the standard names (ts, device, model, prompt_tokens, …, tag, ok, tok_s,
    job_id, prompt_preview) and the run's `conditions`, `extra` the job's extra metrics by label
    or field; the row has the adapter's fields as keys, nested where they are dotted, in the
    adapter's units and words.
    """
    row: dict[str, Any] = {}
    facts = _in_its_words(adapter, facts)
    for attribute in adapter.__struct_fields__:
        path = getattr(adapter, attribute)
        if attribute.endswith("_field") and path:
            name = "ts" if attribute == "x_field" else attribute.removesuffix("_field")
            _put(row, path, facts.get(name))
    for field in adapter.extra_fields:
        value = extra.get(field.label, extra.get(field.field))
        if value is not None:
            _put(row, field.field, value if field.scale == 1 else value / field.scale)
    conditions = dict(facts.get("conditions") or {})
    for each in adapter.condition_fields:
        if each.name in conditions:
            _put(row, each.field, conditions.pop(each.name))
    return row | ({CONDITIONS: conditions} if conditions and CONDITIONS not in row else {})


def _in_its_words(adapter: Adapter, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the adapter reads them back."""
    found = dict(facts)
    for name, unit in msgspec.structs.asdict(adapter.units).items():
        if unit and found.get(name) is not None:
            times, over = TO_MS[unit]
            found[name] = found[name] * over / times
    if adapter.ok_values and found.get("ok") is True:
        found["ok"] = adapter.ok_values[0]
    return found


def value_at(members: Mapping[str, Any], path: str | None) -> Any:
    """The member at a dotted path, or None. A key that has the dots itself goes first."""
    if path is None:
        return None
    if path in members or "." not in path:
        return members.get(path)
    value: Any = members
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def _put(row: dict[str, Any], path: str, value: Any) -> None:
    *parents, leaf = path.split(".")
    for parent in parents:
        child = row.setdefault(parent, {})
        if not isinstance(child, dict):
            return
        row = child
    row[leaf] = value


def _time(members: Mapping[str, Any], path: str, now_us: int) -> int:
    value = value_at(members, path)
    if value is None:
        raise RowNotConvertible(path, "time_missing", f"the time field {path!r} is missing or null")
    try:
        return clock.read_row_time(value, now_us)
    except UnreadableTime as exc:
        raise RowNotConvertible(path, exc.code, f"{path}: {exc}") from exc


def _time_ms(members: Mapping[str, Any], path: str | None, unit: TimeUnit | None) -> float | None:
    times, over = TO_MS[unit]
    return _read(members, path, lambda value: read_amount(read_amount(value) * times / over))


def _number(members: Mapping[str, Any], path: str | None) -> float | None:
    return _read(members, path, read_amount)


def _count(members: Mapping[str, Any], path: str | None) -> int | None:
    return _read(members, path, read_count)


def _label(members: Mapping[str, Any], path: str | None) -> str | None:
    text = _read(members, path, read_label)
    if text is not None and len(text) > MAX_LABEL_CHARACTERS:
        raise RowNotConvertible(
            path or "", "label_too_long", f"{path} has more than {MAX_LABEL_CHARACTERS} characters"
        )
    return text


def _ok(members: Mapping[str, Any], adapter: Adapter) -> bool:
    said = _read(members, adapter.ok_field, lambda value: read_outcome(value, adapter.ok_values))
    return True if said is None else said


def _read(
    members: Mapping[str, Any], path: str | None, read: Callable[[object], Value]
) -> Value | None:
    value = value_at(members, path)
    if value is None:
        return None
    try:
        return read(value)
    except ValueRefused as exc:
        raise RowNotConvertible(path or "", exc.code, f"{path} {exc.detail}") from exc


def _extras(members: Mapping[str, Any], fields: tuple[ExtraField, ...]) -> dict[str, float]:
    """Extras that are numbers by label; booleans count as 1 and 0, strings stay in the row."""
    extras = {}
    for field in fields:
        read = read_flag if field.kind == "boolean" else _scaled(field.scale)
        value = None if field.kind == "string" else _read(members, field.field, read)
        if value is not None:
            extras[field.label] = float(value)
    return extras


def _conditions(members: Mapping[str, Any], fields: tuple[ConditionField, ...]) -> dict[str, str]:
    """What the row's own member says, and over it what the adapter's fields hold."""
    said = members.get(CONDITIONS)
    mapped = {field.name: value_at(members, field.field) for field in fields}
    known = {name: value for name, value in mapped.items() if value is not None}
    if said is None or isinstance(said, Mapping):
        said = {**(said or {}), **known}
    try:
        return read_conditions(said)
    except ConditionInvalid as exc:
        raise RowNotConvertible(_field_of(exc.name, fields), exc.code, exc.detail) from exc


def _field_of(name: str, fields: tuple[ConditionField, ...]) -> str:
    own = f"{CONDITIONS}.{name}" if name else CONDITIONS
    return next((field.field for field in fields if field.name == name), own)


def _scaled(scale: float) -> Callable[[object], float]:
    return lambda value: read_number(read_number(value) * scale)
