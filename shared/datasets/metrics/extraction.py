"""From JSON lines to columns: one Parquet file per file of rows, in their order.

Rows may hold anything, so nothing is assumed of them: a line that is no JSON object is a
row without fields, a number is what stands as a number in the text, and a dotted path
means a key that has the dots itself before a nested one (of equal keys, the first).
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import msgspec

from shared.datasets.adapters import MAX_EXTRA_FIELDS
from shared.datasets.metrics.mapping import Mapping, NumberField
from shared.datasets.metrics.times import odd_text, usual_us
from shared.datasets.rows import META_PREFIX

# Keys of a file that are tried as numbers where nobody said which are; those in most rows.
MAX_CANDIDATES = 4 * MAX_EXTRA_FIELDS
_MAX_FIELD_CHARACTERS = 512
# Nested objects are looked into in so many rows of a file, and so deep.
_NESTED_ROWS = 20_000
_MAX_DEPTH = 8
_MAX_LABEL_CHARACTERS = 256
_BATCH_FIELD = f"{META_PREFIX}batch_id"


def extract(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, rows: Path, target: Path
) -> None:
    """Write the columns `us`, `odd`, `device`, `model`, `batch` and one per number field.

    `us` is the instant where the time has a usual form, `odd` its text where it has not.
    """
    fields = [field for field in mapping.fields if field.read]
    if mapping.discovers:
        fields += _candidates(connection, rows, mapping.taken())
    members = _Members()
    columns = [*_time_and_labels(members, mapping), *_numbers(members, fields)]
    connection.execute(
        f"COPY (SELECT {', '.join(columns)} FROM ({members.select(rows)})) TO '{target}' "
        "(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 61440)"
    )


class _Members:
    """The members that are wanted of each row; each row is parsed once for all of them."""

    def __init__(self) -> None:
        self._places: list[str] = []

    def text(self, path: str) -> str:
        """SQL: the JSON text of the member at a dotted path, or NULL."""
        literal = self._member([path])
        steps = path.split(".")
        if len(steps) == 1 or not all(steps):
            return literal
        return f"coalesce({literal}, {self._member(steps)})"

    def select(self, rows: Path) -> str:
        """SQL: the members of every line of a file as a list of texts `v`."""
        places = ", ".join(self._places)
        return f"SELECT json_extract(json, [{places}])::VARCHAR[] AS v FROM {_lines(rows)}"

    def _member(self, steps: list[str]) -> str:
        place = _place(steps)
        if place not in self._places:
            self._places.append(place)
        return f"v[{self._places.index(place) + 1}]"


def _time_and_labels(members: _Members, mapping: Mapping) -> list[str]:
    time = members.text(mapping.x_field)
    us = usual_us(time)
    return [
        f"{us} AS us",
        f"{odd_text(time, us)} AS odd",
        f"{_label(members.text(mapping.device_field))} AS device",
        f"{_label(members.text(mapping.model_field))} AS model",
        f"{_label(members.text(_BATCH_FIELD))} AS batch",
    ]


def _numbers(members: _Members, fields: Iterable[NumberField]) -> list[str]:
    by_column = {field.column: field for field in fields}
    return [
        f"{_number(members.text(field.field), field.kind)} AS {column}"
        for column, field in by_column.items()
    ]


def _number(text: str, kind: str) -> str:
    """SQL: the finite number that a JSON text is, or NULL; booleans are 1 and 0."""
    if kind == "boolean":
        return f"CASE {text} WHEN 'true' THEN 1.0::DOUBLE WHEN 'false' THEN 0.0::DOUBLE END"
    number = f"CASE WHEN {text}[1] BETWEEN '-' AND '9' THEN TRY_CAST({text} AS DOUBLE) END"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _label(text: str) -> str:
    """SQL: a string's characters or a number's digits, at most 256, or NULL."""
    # Unescaping parses the text once more; hardly any label needs it.
    quoted = f"CASE WHEN contains({text}, '\\') THEN ({text}::JSON)->>'$' ELSE {text}[2:-2] END"
    label = (
        f"CASE WHEN {text}[1] = '\"' THEN {quoted} "
        f"WHEN {text}[1] BETWEEN '-' AND '9' THEN {text} END"
    )
    return f"({label})[:{_MAX_LABEL_CHARACTERS}]"


def _lines(rows: Path) -> str:
    return f"read_json_objects('{rows}', format='newline_delimited', ignore_errors=true)"


def _place(steps: list[str]) -> str:
    """Where a member is: as a SQL literal with a JSON path, or a pointer."""
    if any("*" in step for step in steps):
        # A path would take it for a wildcard.
        escaped = (step.replace("~", "~0").replace("/", "~1") for step in steps)
        place = "".join(f"/{step}" for step in escaped)
    else:
        # A pointer would take digits for a place in a list.
        escaped = (step.replace("\\", "\\\\").replace('"', '\\"') for step in steps)
        place = "$" + "".join(f'."{step}"' for step in escaped)
    # No text of SQL holds a NUL; what stands for it, a noncharacter, is in no key either.
    return "'" + place.replace("\x00", "\uffff").replace("'", "''") + "'"


def _candidates(
    connection: duckdb.DuckDBPyConnection, rows: Path, taken: set[str]
) -> list[NumberField]:
    """Keys of the rows that may hold numbers, also nested ones: the most frequent."""
    found = connection.execute(
        f"SELECT key, count(*) AS n FROM (SELECT unnest(json_keys(json)) AS key "
        f"FROM {_lines(rows)}) WHERE length(key) BETWEEN 1 AND {_MAX_FIELD_CHARACTERS} "
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
