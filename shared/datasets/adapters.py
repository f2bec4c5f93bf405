"""Dataset adapters: which field of a row is the time, the device, a metric."""

from typing import Any, Literal

import msgspec

from shared import clock
from shared.aws import ConditionFailed, Table, Update
from shared.errors import Conflict, Fault, NotFound, Unacceptable
from shared.runs import MAX_CONDITIONS, ConditionInvalid, read_condition
from shared.storage.log import DATASET_PREFIX, partition

MAX_EXTRA_FIELDS = 64
MAX_ADAPTER_BYTES = 32 * 2**10
_SAVE_ATTEMPTS = 5


class AdapterNotFound(NotFound):
    """The dataset has no adapter."""

    code = "adapter_not_found"


TimeUnit = Literal["ns", "us", "ms", "s", "min"]
# By what a time in a unit is multiplied, and then divided, to be in ms: both are exact.
TO_MS: dict[TimeUnit | None, tuple[float, float]] = {
    None: (1, 1),
    "ns": (1, 1e6),
    "us": (1, 1e3),
    "ms": (1, 1),
    "s": (1e3, 1),
    "min": (6e4, 1),
}


class Units(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """In which unit a standard time comes; without a word, ms."""

    latency_ms: TimeUnit | None = None
    ttft_ms: TimeUnit | None = None


class ExtraField(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled extra metric of a row; numbers are multiplied by `scale`."""

    label: str
    field: str
    kind: Literal["number", "string", "boolean"] = "number"
    unit: str | None = None
    better: Literal["higher", "lower"] | None = None
    scale: float = 1


class ConditionField(msgspec.Struct, frozen=True, kw_only=True):
    """Which field of a row holds a condition of its run."""

    name: str
    field: str


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """How rows of a dataset become runs. Fields may be dotted paths.

    `ok_values` are the texts of `ok_field` that mean ok, all others then mean not.
    """

    dataset: str
    enabled: bool = True
    x_field: str = "ts"
    device_field: str = "device"
    model_field: str = "model"
    prompt_tokens_field: str = "prompt_tokens"
    completion_tokens_field: str = "completion_tokens"
    latency_ms_field: str = "latency_ms"
    ttft_ms_field: str = "ttft_ms"
    tag_field: str | None = None
    ok_field: str | None = None
    tok_s_field: str | None = None
    job_id_field: str | None = None
    prompt_preview_field: str | None = None
    extra_fields: tuple[ExtraField, ...] = ()
    condition_fields: tuple[ConditionField, ...] = ()
    units: Units = Units()
    ok_values: tuple[str, ...] | None = None
    version: int = 0
    updated_us: int = 0

    def document(self) -> dict[str, Any]:
        """The adapter as the API shows it."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        fields["extra_fields"] = list(fields["extra_fields"])
        fields["condition_fields"] = list(fields["condition_fields"])
        fields["ok_values"] = None if self.ok_values is None else list(self.ok_values)
        fields["updated_at"] = clock.iso(fields.pop("updated_us"))
        return fields

    @property
    def takes_as_is(self) -> bool:
        """Whether every value means what it is: nothing is in another unit or word, and none of
        them is a condition, which is read row by row.
        """
        scaled = any(extra.scale != 1 for extra in self.extra_fields)
        plain = self.units == Units() and self.ok_values is None and not scaled
        return plain and not self.condition_fields


def adapter_key(dataset: str) -> str:
    """The sort key of a dataset's adapter in the catalog."""
    return f"{DATASET_PREFIX}{dataset}#ADAPTER"


def load_adapter(catalog: Table, user_id: str, dataset: str) -> Adapter | None:
    """The adapter of a dataset, if one is saved. One GetItem."""
    item = catalog.get(partition(user_id), adapter_key(dataset))
    return None if item is None else adapter_of(item)


def adapter_of(item: dict[str, Any]) -> Adapter:
    """The adapter in a catalog item."""
    return msgspec.convert(item["adapter"], Adapter)


def save_adapter(catalog: Table, user_id: str, adapter: Adapter) -> Adapter:
    """Save the adapter as the dataset's next version and return it so.

    Raises Unacceptable for duplicate labels, empty fields or too many extras.
    """
    check_adapter(adapter)
    for _ in range(_SAVE_ATTEMPTS):
        saved, update = next_version(catalog, user_id, adapter)
        try:
            catalog.update(update)
        except ConditionFailed:
            continue
        return saved
    raise Conflict("the adapter is being changed by others; try again", retry_after_s=1)


def next_version(catalog: Table, user_id: str, adapter: Adapter) -> tuple[Adapter, Update]:
    """The adapter as the next version, and the update that saves it if it still is that."""
    before = load_adapter(catalog, user_id, adapter.dataset)
    version = before.version if before else 0
    saved = msgspec.structs.replace(adapter, version=version + 1, updated_us=clock.now_us())
    return saved, Update(
        partition(user_id),
        adapter_key(adapter.dataset),
        set={
            "adapter": msgspec.to_builtins(saved),
            "adapter_version": saved.version,
            "name": adapter.dataset,
        },
        set_if_absent={"created_us": saved.updated_us},
        only_if={"adapter_version": version or None},
    )


def check_adapter(adapter: Adapter) -> None:
    """Raises Unacceptable for duplicate labels, empty fields, too many extras or bytes."""
    faults = [
        *_size_faults(adapter),
        *_empty_fields(adapter),
        *_extra_faults(adapter.extra_fields),
        *_condition_faults(adapter.condition_fields),
    ]
    if adapter.ok_values is not None and adapter.ok_field is None:
        faults.append(Fault("/ok_values", "without_field", "ok_values needs an ok_field"))
    if faults:
        raise Unacceptable(
            "; ".join(fault.detail for fault in faults[:3]),
            code="invalid_adapter",
            faults=tuple(faults),
        )


def _size_faults(adapter: Adapter) -> list[Fault]:
    size = len(msgspec.json.encode(adapter))
    if size <= MAX_ADAPTER_BYTES:
        return []
    detail = f"an adapter may have {MAX_ADAPTER_BYTES} bytes as JSON, this one has {size}"
    return [Fault("", "adapter_too_large", detail)]


def _empty_fields(adapter: Adapter) -> list[Fault]:
    named = msgspec.structs.asdict(adapter)
    return [
        Fault(f"/{name}", "empty_field", f"{name} names no field")
        for name, value in named.items()
        if name.endswith("_field") and isinstance(value, str) and not _is_path(value)
    ]


def _extra_faults(extras: tuple[ExtraField, ...]) -> list[Fault]:
    if len(extras) > MAX_EXTRA_FIELDS:
        detail = f"an adapter has at most {MAX_EXTRA_FIELDS} extra fields"
        return [Fault("/extra_fields", "too_many_extra_fields", detail)]
    faults, seen = [], set()
    for index, extra in enumerate(extras):
        place = f"/extra_fields/{index}"
        if not extra.label.strip() or not _is_path(extra.field):
            detail = "an extra field needs a label and a field, with a name on both sides of a dot"
            faults.append(Fault(place, "empty_field", detail))
        if extra.scale != 1 and extra.kind != "number":
            faults.append(Fault(f"{place}/scale", "not_a_number", "only numbers have a scale"))
        if extra.label in seen:
            faults.append(
                Fault(place, "duplicate_label", f"the label {extra.label!r} is there twice")
            )
        seen.add(extra.label)
    return faults


def _condition_faults(fields: tuple[ConditionField, ...]) -> list[Fault]:
    if len(fields) > MAX_CONDITIONS:
        detail = f"an adapter has at most {MAX_CONDITIONS} condition fields"
        return [Fault("/condition_fields", "too_many_condition_fields", detail)]
    faults, seen = [], set()
    for index, field in enumerate(fields):
        place = f"/condition_fields/{index}"
        if not _is_path(field.field):
            faults.append(Fault(place, "empty_field", "a condition field needs a field"))
        if field.name in seen:
            detail = f"the condition {field.name!r} is there twice"
            faults.append(Fault(place, "duplicate_label", detail))
        seen.add(field.name)
        try:
            read_condition(field.name, None)
        except ConditionInvalid as exc:
            faults.append(Fault(f"{place}/name", exc.code, exc.detail))
    return faults


def _is_path(text: str) -> bool:
    return bool(text.strip()) and all(text.split("."))
