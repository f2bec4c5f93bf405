"""The further numbers of a row: what stands in `extra`, and members that no column has."""

from collections.abc import Collection, Mapping
from typing import Any

from shared.errors import pointer_step
from shared.imports.hints import meant_by, snake_case
from shared.imports.members import Note, RepeatedKey, RowRefused, is_number
from shared.runs import MAX_LABEL_CHARACTERS, ValueRefused, read_number

MAX_EXTRAS = 256
# Names that are nearly those of a run, whose unit is in the name.
_AS_EXTRA = {
    **dict.fromkeys(
        ("latency", "duration", "response_time"), "extra: latency_ms or latency_s says the unit"
    ),
    "ttft": "extra: ttft_ms or ttft_s says the unit",
    **dict.fromkeys(
        ("tokens_per_second", "tokens_per_sec", "tps"), "extra: tok_s is the speed of a run"
    ),
    **dict.fromkeys(("input_tokens", "tokens_in"), "extra: prompt_tokens are a run's own"),
    **dict.fromkeys(
        ("output_tokens", "tokens_out", "generated_tokens", "eval_count"),
        "extra: completion_tokens are a run's own",
    ),
    **{
        f"{name}_{unit}": f"extra: {name}_ms is in milliseconds; an adapter's units say another"
        for name in ("latency", "ttft")
        for unit in ("us", "ns", "m", "min", "h")
    },
}


def extras_of(row: Mapping[str, Any], known: Collection[str], note: Note) -> dict[str, float]:
    """What stands in `extra`, and members beyond the known ones that are numbers.

    Raises RowRefused.
    """
    extras = _further(row, known, note)
    given = row.get("extra")
    if given is not None:
        extras |= _given(given)
    if len(extras) > MAX_EXTRAS:
        raise RowRefused("extra", "too_many_extras", f"a run has at most {MAX_EXTRAS} extras")
    return extras


def _given(extra: object) -> dict[str, float]:
    if isinstance(extra, RepeatedKey):
        raise extra.refused("extra")
    if not isinstance(extra, Mapping):
        raise RowRefused("extra", "not_an_object", "extra maps labels to numbers")
    return {
        _extra_label(label): value
        for label in extra
        if (value := _extra_number(extra, label)) is not None
    }


def _further(row: Mapping[str, Any], known: Collection[str], note: Note) -> dict[str, float]:
    found = {}
    meant = meant_by(row, known)
    for name in row:
        if name in known or row[name] is None:
            continue
        number = is_number(row[name])
        note(name, _treated(name, row[name], meant.get(name), known))
        if number:
            found[_extra_label(name)] = _finite(row[name], pointer_step(name))
    return found


def _treated(name: str, value: object, meant: str | None, known: Collection[str]) -> str:
    """How a further member is treated, and which name was perhaps meant."""
    number = is_number(value)
    how = "extra" if number else "ignored"
    if meant is not None:
        return f"{how}: {meant} is the exact name of a run's own {'number' if number else 'member'}"
    if isinstance(value, Mapping) and not value.keys().isdisjoint(known):
        return "ignored: what is inside is read by an adapter with dotted fields (?adapter=)"
    return _AS_EXTRA.get(snake_case(name), how) if number else how


def _extra_number(extra: Mapping[str, Any], label: str) -> float | None:
    return None if extra[label] is None else _finite(extra[label], f"extra/{pointer_step(label)}")


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
