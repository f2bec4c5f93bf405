"""Which fields of a row are series, and what they are called."""

from typing import Literal

import msgspec

from shared.datasets.adapters import TO_MS, Adapter

TOK_S = "tok_s"
# Parts of an adapter that a derived speed is made of.
COMPLETION_TOKENS, LATENCY_MS, TTFT_MS = "completion_tokens", "latency_ms", "ttft_ms"
_NAMES = {
    "prompt_tokens": ("Prompt tokens", "tokens", None),
    COMPLETION_TOKENS: ("Completion tokens", "tokens", None),
    LATENCY_MS: ("Latency (ms)", "ms", "lower"),
    TTFT_MS: ("Time to first token (ms)", "ms", "lower"),
    TOK_S: ("Speed (tok/s)", "tok/s", "higher"),
}


class NumberField(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is a series. `standard` is its standard name, if it has one.

    `read`: whether rows are looked into for it; a speed may only be derived. Its numbers are
    multiplied by `times` and divided by `over`.
    """

    field: str
    label: str
    kind: Literal["number", "boolean"] = "number"
    standard: str | None = None
    read: bool = True
    unit: str | None = None
    better: str | None = None
    times: float = 1
    over: float = 1

    @property
    def column(self) -> str:
        """The field's column in extracted rows: reversible, and safe in SQL."""
        name = self.kind[0] + self.field.encode().hex()
        # The same field may be there as it is, too.
        as_is = self.times == self.over == 1
        return name if as_is else f"{name}_{f'{self.times} {self.over}'.encode().hex()}"


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """How rows are read: where time and labels are, and the series that are asked for.

    With `discovers`, every other number field of the rows is a series too.
    """

    x_field: str
    device_field: str
    model_field: str
    fields: tuple[NumberField, ...]
    discovers: bool

    def taken(self) -> set[str]:
        """The fields that mean something already."""
        return {self.x_field, self.device_field, self.model_field} | {f.field for f in self.fields}


def mapping_of(adapter: Adapter | None) -> Mapping:
    """The mapping of an adapter (enabled or not), or that of the standard names."""
    # Without an adapter a field `tok_s` is taken at its word; with one, it has to be named.
    assumed = adapter or Adapter(dataset="", tok_s_field=TOK_S)
    return Mapping(
        x_field=assumed.x_field,
        device_field=assumed.device_field,
        model_field=assumed.model_field,
        fields=(*_standard_fields(assumed), *_extra_fields(assumed)),
        discovers=adapter is None,
    )


def discovered(column: str) -> NumberField:
    """The number field that an extracted column belongs to."""
    field = bytes.fromhex(column[1:]).decode()
    return NumberField(field=field, label=field)


def _standard_fields(adapter: Adapter) -> list[NumberField]:
    found = []
    for name, (label, unit, better) in _NAMES.items():
        field = getattr(adapter, f"{name}_field")
        times, over = TO_MS[getattr(adapter.units, name, None)]
        found.append(
            NumberField(
                field=field or name,
                label=label,
                standard=name,
                read=field is not None,
                unit=unit,
                better=better,
                times=times,
                over=over,
            )
        )
    return found


def _extra_fields(adapter: Adapter) -> list[NumberField]:
    """The labelled extras that have numbers; those of kind `string` have no summary."""
    return [
        NumberField(
            field=extra.field,
            label=extra.label,
            kind=extra.kind,
            unit=extra.unit,
            better=extra.better,
            times=extra.scale,
        )
        for extra in adapter.extra_fields
        if extra.kind != "string"
    ]
