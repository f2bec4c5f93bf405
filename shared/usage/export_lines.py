"""Runs as lines of text, built by DuckDB: CSV for spreadsheets, JSON for programs.

A line made in SQL costs a few microseconds; made from Python objects, ten times that.
"""

import duckdb

from shared.runs import EXPORTED, SHOWN, value_sql
from shared.spreadsheets import text_cell_sql

_EXPORTED = {column.public_name: column for column in EXPORTED}
# The instant stands there twice, as a number and as text.
CSV_COLUMNS = ("ts", "time", *(name for name in _EXPORTED if name != "ts"))
TEXT_COLUMNS = tuple(name for name, column in _EXPORTED.items() if column.kind == "text")
# The nearest double to the instant in seconds, which gives back the microsecond.
_SECONDS = "epoch_us(ts) / 1e6"
# Sets of labels that are looked at, and those in unsorted order that get an expression of
# their own; where there are more, each run's labels are sorted, which takes four times as long.
_MAX_SHAPES = 1_000
# They are kept by name in order, and names need no escapes.
_MEMBER = f"""concat('"', each.key, '":', {value_sql("each.value")})"""
_CONDITIONS = (
    "concat('{', array_to_string(list_transform(map_entries(conditions), "
    f"lambda each: {_MEMBER}), ','), '}}')"
)
_MAX_CASES = 32


def json_line_sql() -> str:
    """SQL for a run as a line of JSON, as `POST /usage/import` takes it."""
    names = [column.public_name for column in SHOWN]
    sql = {"ts": _SECONDS, "conditions": f"({_CONDITIONS})::JSON"}
    members = ", ".join(f"'{name}', {sql.get(name, name)}" for name in names)
    return f"json_object({members})::VARCHAR || chr(10)"


def csv_line_sql(connection: duckdb.DuckDBPyConnection, *, guard: bool) -> str:
    """SQL for a run of the table `runs` as a line of CSV with its end."""
    extra = _extra_json_sql(connection)
    cells = ", ',', ".join(_cell(name, extra, guard) for name in CSV_COLUMNS)
    return f"concat({cells}, chr(13), chr(10))"


def _cell(name: str, extra: str, guard: bool) -> str:
    if name in TEXT_COLUMNS:
        return text_cell_sql(name, guard=guard)
    if name == "ts":
        return f"to_json({_SECONDS})"
    if name == "time":
        return "strftime(ts, '%Y-%m-%dT%H:%M:%S.%gZ')"
    if name == "extra":
        return _object_cell(name, extra)
    if name == "conditions":
        return _object_cell(name, _CONDITIONS)
    # As JSON, numbers are written three times as fast as by a cast, and as exactly.
    return f"to_json({name})"


def _object_cell(name: str, json: str) -> str:
    # JSON has quotes and commas as soon as it has members; files may be older than a column.
    quoted = f"""'"' || replace({json}, '"', '""') || '"'"""
    return f"CASE WHEN coalesce(cardinality({name}), 0) = 0 THEN '{{}}' ELSE {quoted} END"


def _extra_json_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL for `extra` as JSON with sorted keys.

    Which sets of labels there are is asked first: sorting each map costs more than all
    the rest of a line.
    """
    sql = f"SELECT DISTINCT map_keys(extra) FROM runs LIMIT {_MAX_SHAPES + 1}"
    shapes = [labels for (labels,) in connection.execute(sql).fetchall() if labels]
    unsorted = [labels for labels in shapes if labels != sorted(labels)]
    if len(shapes) > _MAX_SHAPES or len(unsorted) > _MAX_CASES or _holds_nul(unsorted):
        return _sorted_one_by_one()
    cases = "".join(
        f"WHEN map_keys(extra) = {_list(labels)} THEN {_object(labels)} " for labels in unsorted
    )
    return f"CASE {cases}WHEN true THEN to_json(extra) END::VARCHAR"


def _holds_nul(shapes: list[list[str]]) -> bool:
    """Whether a label cannot stand in a statement."""
    return any("\x00" in label for labels in shapes for label in labels)


def _sorted_one_by_one() -> str:
    member = "lambda each: concat(to_json(each.key), ':', to_json(each.value))"
    members = f"list_transform(list_sort(map_entries(extra)), {member})"
    return f"concat('{{', array_to_string({members}, ','), '}}')"


def _object(labels: list[str]) -> str:
    members = ", ".join(f"{_text(label)}, extra[{_text(label)}]" for label in sorted(labels))
    return f"json_object({members})"


def _list(labels: list[str]) -> str:
    return f"[{', '.join(map(_text, labels))}]"


def _text(value: str) -> str:
    """A text in SQL; nothing but the quote means anything in it, and NUL is not passed here."""
    return "'" + value.replace("'", "''") + "'"
