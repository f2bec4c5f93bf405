"""Types for rows of one shape: which keys they have, and what an adapter needs each to be.

A row type decodes exactly the values that `conversion.run_of_row` turns into a run
without a word; whatever it refuses is left to that, which says what is wrong. Keys
that no adapter names may hold any scalar.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.datasets.adapters import Adapter
from shared.datasets.conversion import CONDITIONS
from shared.runs import MAX_LABEL_CHARACTERS, MAX_TOKENS
from shared.storage.log import META_PREFIX

# A very wide row is rare, and its type expensive.
_MAX_KEYS = 256

_TIME = str | int | float
_LABEL = Annotated[str, Meta(max_length=MAX_LABEL_CHARACTERS)] | None
_TEXT = str | None
_COUNT = Annotated[int, Meta(ge=0, le=MAX_TOKENS)] | None
_AMOUNT = Annotated[float, Meta(ge=0)] | None
_NUMBER = float | None
_BOOLEAN = bool | None
_NUMERIC = (_COUNT, _AMOUNT, _NUMBER, _BOOLEAN)


class Shape(msgspec.Struct, frozen=True):
    """Rows that have exactly some keys; or, where `partial`, at least the time and no others.

    `readers` are the keys, what takes their column out of decoded rows, with UNSET for a value
    that is not there, and whether no value of it is a string.
    """

    readers: tuple[tuple[str, Callable[[list[Any]], list[Any]], bool], ...]
    partial: bool
    array: msgspec.json.Decoder[list[Any]]
    line: msgspec.json.Decoder[Any]


@lru_cache(maxsize=64)
def shape_of(keys: frozenset[str], adapter: Adapter | None, *, partial: bool) -> Shape | None:
    """The shape of flat rows with these keys; None where they must be read one by one."""
    if not 0 < len(keys) <= _MAX_KEYS or any(key.startswith(META_PREFIX) for key in keys):
        return None
    if adapter is not None and (not adapter.takes_as_is or CONDITIONS in keys):
        return None
    needed = {} if adapter is None else _needed(adapter)
    if needed is None:
        return None
    ordered = tuple(sorted(keys))
    row = _row_type(ordered, needed, partial=partial)
    readers = tuple(
        (key, _column_reader(number), needed.get(key) in _NUMERIC)
        for number, key in enumerate(ordered)
    )
    rows: Any = list[row]  # type: ignore[valid-type]  # A type made at run time.
    return Shape(readers, partial, msgspec.json.Decoder(rows), msgspec.json.Decoder(row))


@cache
def _column_reader(number: int) -> Callable[[list[Any]], list[Any]]:
    """Takes one field out of all rows, in less than half of the time of `attrgetter`.

    The interpreter reads an attribute quickly where its name stands in the code.
    """
    reader: Callable[[list[Any]], list[Any]] = eval(  # noqa: S307  # Of a number of ours.
        f"lambda rows: [row.f{number:d} for row in rows]"
    )
    return reader


def _row_type(keys: tuple[str, ...], needed: dict[str, Any], *, partial: bool) -> type[Any]:
    fields = [_field(needed.get(key, Any), partial=partial) for key in keys]
    return msgspec.defstruct(
        "Row",
        [(f"f{number}", *field) for number, field in enumerate(fields)],
        rename={f"f{number}": key for number, key in enumerate(keys)},
        forbid_unknown_fields=True,
        gc=False,
        kw_only=True,
    )


def _field(kind: Any, *, partial: bool) -> tuple[Any, ...]:
    if not partial or kind is _TIME:
        return (kind,)
    return (kind if kind is Any else kind | UnsetType, UNSET)


def _needed(adapter: Adapter) -> dict[str, Any] | None:
    """What each field must hold; None where one field has two uses that disagree."""
    needed: dict[str, Any] = {}
    for path, kind in _uses(adapter):
        if path is not None:
            needed[path] = _both(needed.get(path, kind), kind)
    return None if None in needed.values() else needed


def _both(one: Any, other: Any) -> Any:
    """The kind that serves both uses, or None; whatever else a number means, it is a number."""
    if one is other or (other is _NUMBER and one in (_COUNT, _AMOUNT)):
        return one
    return other if one is _NUMBER and other in (_COUNT, _AMOUNT) else None


def _uses(adapter: Adapter) -> list[tuple[str | None, Any]]:
    return [
        (adapter.x_field, _TIME),
        (adapter.device_field, _LABEL),
        (adapter.model_field, _LABEL),
        (adapter.tag_field, _LABEL),
        (adapter.job_id_field, _LABEL),
        (adapter.prompt_preview_field, _TEXT),
        (adapter.prompt_tokens_field, _COUNT),
        (adapter.completion_tokens_field, _COUNT),
        (adapter.latency_ms_field, _AMOUNT),
        (adapter.ttft_ms_field, _AMOUNT),
        (adapter.tok_s_field, _AMOUNT),
        (adapter.ok_field, _BOOLEAN),
        *(
            (extra.field, _BOOLEAN if extra.kind == "boolean" else _NUMBER)
            for extra in adapter.extra_fields
            if extra.kind != "string"
        ),
    ]
