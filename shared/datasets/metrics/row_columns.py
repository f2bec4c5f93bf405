"""What a fold keeps of a stretch of rows for metrics, as Parquet, and how a question reads it.

A column has what a mapping would make of a member: its number before any scale, its instant,
its label. So the columns answer for every mapping that asks the same of a member; where one asks
for something else, it gets none, and the rows themselves are read.
"""

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb

from shared.datasets.metrics.extraction import (
    MAX_CANDIDATES,
    MAX_FIELD_CHARACTERS,
    select_columns,
    write,
)
from shared.datasets.metrics.mapping import Mapping, NumberField
from shared.datasets.metrics.members import Members, lines_of, literal
from shared.datasets.metrics.values import (
    ValueColumn,
    finite,
    instants,
    label,
    scaled,
    servers_own,
    unscaled,
)
from shared.storage.lake import connect
from shared.storage.log import META_PREFIX

_OPTIONS = "COMPRESSION zstd, ROW_GROUP_SIZE 61440"
_NULLS = {"us": "NULL::BIGINT", "odd": "NULL::VARCHAR", "label": "NULL::VARCHAR"}
_NO_NUMBER = "NULL::DOUBLE"


@cache
def made_by() -> str:
    """What changes whenever other columns would be made of the same rows."""
    fields = (
        NumberField(field="n", label="n"),
        NumberField(field="b", label="b", kind="boolean"),
    )
    mapping = Mapping(
        x_field="x.x", device_field="d", model_field="m", fields=fields, discovers=False
    )
    members = Members()
    columns = _columns(members, mapping, [])
    statements = [select_columns(members, columns, Path("rows")), _flag_sql(Path("rows"))]
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()[:12]


def write_columns(mapping: Mapping, rows: Path, target: Path) -> bool:
    """Write the columns of rows: those that the mapping asks for, and the numbers of every key.

    False where their keys are too many, or odd: then nothing is written.
    """
    with connect() as connection:
        found = _keys_of(connection, rows)
        if not _are_usual(found.keys):
            return False
        members = Members()
        columns = _columns(members, mapping, _public(found.keys))
        facts = literal(json.dumps({"keys": sorted(found.keys), "nested": found.nested}))
        options = f"{_OPTIONS}, KV_METADATA {{rows: {facts}}}"
        write(connection, members, columns, rows, target, options)
        return True


class _Keys(NamedTuple):
    """The top-level keys of rows, and whether a row may have an object in one of them."""

    keys: frozenset[str]
    nested: bool


def _keys_of(connection: duckdb.DuckDBPyConnection, rows: Path) -> _Keys:
    found = connection.execute(_flag_sql(rows)).fetchall()
    return _Keys(
        frozenset(key for keys, _ in found for key in keys or ()),
        any(nested for _, nested in found),
    )


def _flag_sql(rows: Path) -> str:
    nested = "bool_or(json::VARCHAR LIKE '%{%{%')"
    return f"SELECT json_keys(json) AS keys, {nested} FROM {lines_of(rows)} GROUP BY keys"


def _are_usual(keys: Iterable[str]) -> bool:
    """Whether all keys may be columns: no odd name, and none that differs in case only."""
    names = list(keys)
    return (
        len(_public(names)) <= MAX_CANDIDATES
        and len({name.casefold() for name in names}) == len(names)
        and all(0 < len(name) <= MAX_FIELD_CHARACTERS and _is_plain(name) for name in names)
    )


def _is_plain(name: str) -> bool:
    return "\x00" not in name and "\uffff" not in name


def _public(keys: Iterable[str]) -> list[str]:
    """Keys that are not the server's own, in order."""
    return sorted(key for key in keys if not key.startswith(META_PREFIX))


def _columns(members: Members, mapping: Mapping, keys: Iterable[str]) -> list[ValueColumn]:
    """The columns of a mapping, and the number of every key."""
    time = mapping.x_field
    labels = dict.fromkeys([mapping.device_field, mapping.model_field])
    fields = [_raw(field) for field in mapping.fields if field.read]
    fields += [NumberField(field=key, label=key) for key in keys]
    return [
        *instants(_name("u", time), _name("o", time), members.text(time)),
        *(label(_name("l", field), members.text(field)) for field in labels),
        *servers_own(members),
        *(
            ValueColumn(column, unscaled(members.text(field.field), field), column)
            for column, field in {field.column: field for field in fields}.items()
        ),
    ]


def _raw(field: NumberField) -> NumberField:
    """The field without a scale, for its column's name."""
    return NumberField(field=field.field, label=field.label, kind=field.kind)


def _name(kind: str, field: str) -> str:
    return kind + field.encode().hex()


@dataclass(frozen=True)
class FoundColumns:
    """A file of columns that a fold kept: their names, and which keys its rows have."""

    file: Path
    columns: frozenset[str]
    keys: frozenset[str]
    nested: bool

    @classmethod
    def open(cls, connection: duckdb.DuckDBPyConnection, file: Path) -> "FoundColumns":
        """What a file has."""
        described = connection.execute(f"DESCRIBE FROM read_parquet('{file}')").fetchall()
        ((facts,),) = connection.execute(
            f"SELECT decode(value) FROM parquet_kv_metadata('{file}') WHERE decode(key) = 'rows'"
        ).fetchall()
        said = json.loads(facts)
        columns = frozenset(name for name, *_ in described)
        return cls(file, columns, frozenset(said["keys"]), said["nested"])

    def candidates(self, mapping: Mapping) -> set[str]:
        """The keys that may be series though the mapping does not name them."""
        return set(_public(self.keys)) - mapping.taken()

    def select(self, mapping: Mapping) -> str | None:
        """SQL: the columns of the mapping as `extract` has them, with `line`; None where the file
        does not say all of them.
        """
        found = {**self._labels(mapping), **self._numbers(mapping)}
        if not all(found.values()):
            return None
        named = ", ".join(f"{value} AS {name}" for name, value in found.items())
        return (
            f"SELECT file_row_number AS line, {named}, batch, arrived "
            f"FROM read_parquet('{self.file}', file_row_number = true)"
        )

    def _labels(self, mapping: Mapping) -> Dictionary[str, str | None]:
        time = mapping.x_field
        return {
            "us": self._of(time, _name("u", time), _NULLS["us"]),
            "odd": self._of(time, _name("o", time), _NULLS["odd"]),
            "device": self._label(mapping.device_field),
            "model": self._label(mapping.model_field),
        }

    def _label(self, field: str) -> str | None:
        return self._of(field, _name("l", field), _NULLS["label"])

    def _numbers(self, mapping: Mapping) -> Dictionary[str, str | None]:
        fields = [field for field in mapping.fields if field.read]
        if mapping.discovers:
            fields += [
                NumberField(field=key, label=key) for key in sorted(self.candidates(mapping))
            ]
        return {field.column: self._number(field) for field in fields}

    def _number(self, field: NumberField) -> str | None:
        number = self._of(field.field, _raw(field).column, _NO_NUMBER)
        return number and finite(scaled(number, field))

    def _of(self, field: str, column: str, nothing: str) -> str | None:
        """SQL: a column; what stands for nothing where no row has such a member; or None."""
        if column in self.columns:
            return column
        places = {field, field.partition(".")[0]}
        return nothing if _is_plain(field) and not places & self.keys else None
