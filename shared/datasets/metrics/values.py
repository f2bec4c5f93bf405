"""What members mean, in SQL: instants, labels and numbers, made of their JSON texts."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.datasets.metrics.mapping import Mapping, NumberField
from shared.datasets.metrics.members import Members
from shared.datasets.metrics.times import accepted_us, inside_quotes, odd_text, usual_us
from shared.runs import MAX_LABEL_CHARACTERS
from shared.storage.log import BATCH_MEMBER, META_PREFIX

_ARRIVED = f"{META_PREFIX}ts"


@dataclass(frozen=True)
class ValueColumn:
    """A column in two steps of SQL: its value, from the members' texts; and what of it is
    accepted, from the columns' values, each named as its column.
    """

    name: str
    value: str
    accepted: str


def time_and_labels(members: Members, mapping: Mapping) -> list[ValueColumn]:
    """The columns `us`, `odd`, `device`, `model` of a mapping, and `batch` and `arrived`."""
    return [
        *instants("us", "odd", members.text(mapping.x_field)),
        label("device", members.text(mapping.device_field)),
        label("model", members.text(mapping.model_field)),
        *servers_own(members),
    ]


def servers_own(members: Members) -> list[ValueColumn]:
    """The columns `batch` and `arrived`, of members that the server added."""
    arrived = f"epoch_us(TRY_CAST({inside_quotes(members.text(_ARRIVED))} AS TIMESTAMPTZ))"
    return [label("batch", members.text(BATCH_MEMBER)), ValueColumn("arrived", arrived, "arrived")]


def instants(us: str, odd: str, text: str) -> list[ValueColumn]:
    """The columns with these names: an instant where its text has a usual form, and the text where
    it has not.
    """
    return [
        ValueColumn(us, usual_us(text), accepted_us(us)),
        ValueColumn(odd, text, odd_text(odd, us)),
    ]


def numbers(members: Members, fields: Iterable[NumberField]) -> list[ValueColumn]:
    """A column of finite numbers for each field, as `NumberField.column` names it."""
    by_column = {field.column: field for field in fields}
    return [
        ValueColumn(
            column, scaled(unscaled(members.text(field.field), field), field), finite(column)
        )
        for column, field in by_column.items()
    ]


def unscaled(text: str, field: NumberField) -> str:
    """SQL: the number that a JSON text is, or NULL; booleans are 1 and 0."""
    if field.kind == "boolean":
        return f"CASE {text} WHEN 'true' THEN 1.0::DOUBLE WHEN 'false' THEN 0.0::DOUBLE END"
    return f"CASE WHEN {_is_number(text)} THEN TRY_CAST({text} AS DOUBLE) END"


def scaled(number: str, field: NumberField) -> str:
    """SQL: a field's number in the unit that its series has."""
    if (field.times, field.over) == (1, 1):
        return number
    return f"{number} * {field.times!r}::DOUBLE / {field.over!r}::DOUBLE"


def finite(number: str) -> str:
    """SQL: the number, or NULL if no double holds it. Zero has no sign: in Parquet's dictionaries
    both zeros are whichever came first.
    """
    return f"CASE WHEN isfinite({number}) THEN {number} + 0.0::DOUBLE END"


def label(name: str, text: str) -> ValueColumn:
    """A string's characters or a number's digits; NULL where there are none or too many."""
    # Unescaping parses the text once more; hardly any label needs it.
    escaped = f"CASE WHEN contains({text}, '\\') THEN ({text}::JSON)->>'$'"
    quoted = f"{escaped} ELSE {inside_quotes(text)} END"
    found = f"CASE WHEN {_is_text(text)} THEN {quoted} WHEN {_is_number(text)} THEN {text} END"
    # Cut, two labels could become one.
    fits = f"CASE WHEN length({name}) <= {MAX_LABEL_CHARACTERS} THEN {name} END"
    return ValueColumn(name, found, fits)


# What JSON begins with says what it is, and DuckDB compares beginnings quickest: of all that a
# value may begin with, only quotes sort before `#`, only a minus and digits from `-` to `9`.
def _is_text(json: str) -> str:
    return f"{json} < '#'"


def _is_number(json: str) -> str:
    return f"{json} BETWEEN '-' AND ':'"
