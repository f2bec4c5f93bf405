"""From JSON lines to columns: one Parquet file per file of rows, in their order.

Rows may hold anything, so nothing is assumed of them: a line that is no JSON object is a
row without fields, a number is what stands as a number in the text, and a dotted path
means a key that has the dots itself before a nested one (of equal keys, the first).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec

from shared.datasets.adapters import MAX_EXTRA_FIELDS
from shared.datasets.metrics.mapping import Mapping, NumberField
from shared.datasets.metrics.times import accepted_us, inside_quotes, odd_text, usual_us
from shared.errors import pointer_step
from shared.runs import MAX_LABEL_CHARACTERS
from shared.storage.log import BATCH_MEMBER, META_PREFIX

# Keys of a file that are tried as numbers where no adapter says which are; those in most rows.
MAX_CANDIDATES = 4 * MAX_EXTRA_FIELDS
_MAX_FIELD_CHARACTERS = 512
# Nested objects are looked into in so many rows of a file, and so deep.
_NESTED_ROWS = 20_000
_MAX_DEPTH = 8
_ARRIVED = f"{META_PREFIX}ts"
# Labels have few values; looking for a dictionary of all numbers takes as long as writing them.
_MAX_WORDS = 500
# A line that is broken is a row of nothing.
_LINES = "format='newline_delimited', ignore_errors=true"


def extract(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, rows: Path, target: Path
) -> None:
    """Write the columns `us`, `odd`, `device`, `model`, `batch`, `arrived` and one per number
    field.

    `us` is the instant where the time has a usual form, `odd` its text where it has not;
    `arrived` is when the row was appended.
    """
    fields = [field for field in mapping.fields if field.read]
    if mapping.discovers:
        fields += _candidates(connection, rows, mapping.taken())
    members = _Members()
    columns = [*_time_and_labels(members, mapping), *_numbers(members, fields)]
    values = ", ".join(f"{column.value} AS {column.name}" for column in columns)
    accepted = ", ".join(f"{column.accepted} AS {column.name}" for column in columns)
    connection.execute(
        f"COPY (SELECT {accepted} FROM (SELECT {values} FROM ({members.select(rows)}))) "
        f"TO '{target}' (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 61440, "
        f"DICTIONARY_SIZE_LIMIT {_MAX_WORDS})"
    )


@dataclass(frozen=True)
class _Column:
    """A column in two steps of SQL: its value, from the members' texts; and what of it is
    accepted, from the columns' values, each named as its column.
    """

    name: str
    value: str
    accepted: str


class _Members:
    """The members that are wanted of each row; each row is parsed once for all of them.

    `k<n>` are top-level members, `h<n>` lists of what is wanted inside of one.
    """

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._inside: dict[int, list[str]] = {}

    def text(self, path: str) -> str:
        """SQL: the JSON text of the member at a dotted path; NULL where it is missing or null."""
        literal = f"k{self._key(path)}"
        head, *steps = path.split(".")
        if not steps or not all((head, *steps)):
            return literal
        number, place = self._key(head), _path(steps)
        places = self._inside.setdefault(number, [])
        if place not in places:
            places.append(place)
        nested = f"nullif(h{number}[{places.index(place) + 1}], 'null')"
        return f"coalesce({literal}, {nested})"

    def select(self, rows: Path) -> str:
        """SQL: the members of every line of a file."""
        top = [f"j{number}::VARCHAR AS k{number}" for number in range(len(self._keys))]
        inside = [
            f"json_extract(j{number}, [{', '.join(places)}])::VARCHAR[] AS h{number}"
            for number, places in self._inside.items()
        ]
        return f"SELECT {', '.join([*top, *inside])} FROM ({_members(rows, self._keys)})"

    def _key(self, key: str) -> int:
        if key not in self._keys:
            self._keys.append(key)
        return self._keys.index(key)


def _members(rows: Path, keys: list[str]) -> str:
    """SQL: the members of each line of these keys as `j<n>`, JSON; NULL where there is none."""
    if len({key.casefold() for key in keys}) < len(keys):
        return _members_by_path(rows, keys)
    columns = ", ".join(f"{_literal(key)}: 'JSON'" for key in keys)
    named = ", ".join(f"{_identifier(key)} AS j{number}" for number, key in enumerate(keys))
    return f"SELECT {named} FROM read_json('{rows}', {_LINES}, columns={{{columns}}})"


def _members_by_path(rows: Path, keys: list[str]) -> str:
    """The same where keys differ in case only, which columns cannot; slower with many keys."""
    places = ", ".join(_path([key]) for key in keys)
    named = ", ".join(
        f"nullif(v[{number + 1}], 'null') AS j{number}" for number in range(len(keys))
    )
    every = f"SELECT json_extract(json, [{places}]) AS v FROM {_lines(rows)}"
    return f"SELECT {named} FROM ({every})"


def _time_and_labels(members: _Members, mapping: Mapping) -> list[_Column]:
    time = members.text(mapping.x_field)
    return [
        _Column("us", usual_us(time), accepted_us("us")),
        _Column("odd", time, odd_text("odd", "us")),
        _label("device", members.text(mapping.device_field)),
        _label("model", members.text(mapping.model_field)),
        _label("batch", members.text(BATCH_MEMBER)),
        _Column("arrived", _instant(members.text(_ARRIVED)), "arrived"),
    ]


def _numbers(members: _Members, fields: Iterable[NumberField]) -> list[_Column]:
    by_column = {field.column: field for field in fields}
    return [
        _Column(
            column,
            _number(members.text(field.field), field),
            f"CASE WHEN isfinite({column}) THEN {column} END",
        )
        for column, field in by_column.items()
    ]


def _number(text: str, field: NumberField) -> str:
    """SQL: the number that a JSON text is, or NULL; booleans are 1 and 0."""
    if field.kind == "boolean":
        return f"CASE {text} WHEN 'true' THEN 1.0::DOUBLE WHEN 'false' THEN 0.0::DOUBLE END"
    number = f"CASE WHEN {_is_number(text)} THEN TRY_CAST({text} AS DOUBLE) END"
    if (field.times, field.over) == (1, 1):
        return number
    return f"{number} * {field.times!r}::DOUBLE / {field.over!r}::DOUBLE"


def _label(name: str, text: str) -> _Column:
    """A string's characters or a number's digits; NULL where there are none or too many."""
    # Unescaping parses the text once more; hardly any label needs it.
    escaped = f"CASE WHEN contains({text}, '\\') THEN ({text}::JSON)->>'$'"
    quoted = f"{escaped} ELSE {inside_quotes(text)} END"
    label = f"CASE WHEN {_is_text(text)} THEN {quoted} WHEN {_is_number(text)} THEN {text} END"
    # Cut, two labels could become one.
    fits = f"CASE WHEN length({name}) <= {MAX_LABEL_CHARACTERS} THEN {name} END"
    return _Column(name, label, fits)


def _instant(text: str) -> str:
    """SQL: the instant in a text of our own, in microseconds."""
    return f"epoch_us(TRY_CAST({inside_quotes(text)} AS TIMESTAMPTZ))"


# What JSON begins with says what it is, and DuckDB compares beginnings quickest: of all that a
# value may begin with, only quotes sort before `#`, only a minus and digits from `-` to `9`.
def _is_text(json: str) -> str:
    return f"{json} < '#'"


def _is_number(json: str) -> str:
    return f"{json} BETWEEN '-' AND ':'"


def _lines(rows: Path) -> str:
    return f"read_json_objects('{rows}', {_LINES})"


def _path(steps: list[str]) -> str:
    """A JSON path, or a pointer, as a SQL literal."""
    if any("*" in step for step in steps):
        # A path would take it for a wildcard.
        return _literal("".join(f"/{pointer_step(step)}" for step in steps))
    # A pointer would take digits for a place in a list.
    escaped = (step.replace("\\", "\\\\").replace('"', '\\"') for step in steps)
    return _literal("$" + "".join(f'."{step}"' for step in escaped))


def _literal(text: str) -> str:
    # No text of SQL holds a NUL; what stands for it, a noncharacter, is in no key either.
    return "'" + text.replace("\x00", "\uffff").replace("'", "''") + "'"


def _identifier(text: str) -> str:
    return '"' + text.replace("\x00", "\uffff").replace('"', '""') + '"'


def _candidates(
    connection: duckdb.DuckDBPyConnection, rows: Path, taken: set[str]
) -> list[NumberField]:
    """Keys of the rows that may hold numbers, also nested ones: the most frequent."""
    found = connection.execute(
        f"SELECT key, sum(n) AS n FROM (SELECT unnest(keys) AS key, n FROM ("
        f"SELECT json_keys(json) AS keys, count(*) AS n FROM {_lines(rows)} GROUP BY keys)) "
        f"WHERE length(key) BETWEEN 1 AND {_MAX_FIELD_CHARACTERS} "
        f"AND NOT starts_with(key, '{META_PREFIX}') "
        f"GROUP BY key ORDER BY n DESC, key LIMIT {MAX_CANDIDATES + len(taken)}"
    ).fetchall()
    names = dict.fromkeys([*(key for key, _ in found), *_nested(connection, rows)])
    wanted = [name for name in names if name not in taken][:MAX_CANDIDATES]
    return [NumberField(field=name, label=name) for name in wanted]


def _nested(connection: duckdb.DuckDBPyConnection, rows: Path) -> list[str]:
    """Dotted paths of numbers inside nested objects, in order of their first appearance."""
    structures = connection.execute(
        f"SELECT DISTINCT json_structure(json) FROM (SELECT json FROM {_lines(rows)} "
        f"WHERE json::VARCHAR LIKE '%{{%{{%' LIMIT {_NESTED_ROWS}) LIMIT {MAX_CANDIDATES}"
    )
    paths: dict[str, None] = {}
    for (structure,) in structures.fetchall():
        members = msgspec.json.decode(structure)
        if isinstance(members, dict):
            paths |= dict.fromkeys(_number_paths(members, ()))
    return sorted(paths)


def _number_paths(members: dict[str, object], above: tuple[str, ...]) -> Iterable[str]:
    for key, kind in members.items():
        path = (*above, key)
        if isinstance(kind, dict) and len(path) < _MAX_DEPTH and key:
            yield from _number_paths(kind, path)
        elif above and kind in ("UBIGINT", "BIGINT", "HUGEINT", "DOUBLE") and _is_path(path):
            yield ".".join(path)


def _is_path(steps: tuple[str, ...]) -> bool:
    """Whether the steps, joined by dots, lead here again."""
    path = ".".join(steps)
    return all(steps) and path.split(".") == list(steps) and len(path) <= _MAX_FIELD_CHARACTERS
