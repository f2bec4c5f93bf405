"""The JSON Schema of a run, as usage answers it and as an import takes it."""

from typing import Any

from shared.imports import MAX_EXTRAS
from shared.runs import (
    CONDITION_SCHEMA,
    MAX_LABEL_CHARACTERS,
    SHOWN,
    Column,
    Kind,
    conditions_schema,
)

_TYPES: dict[Kind, str] = {
    "text": "string",
    "count": "integer",
    "amount": "number",
    "flag": "boolean",
    "instant": "number",
    "numbers": "object",
    "texts": "object",
}


def run_schema() -> dict[str, Any]:
    """A run of an answer: every member is there, those that may be unknown can be null."""
    properties = {column.public_name: _answered(column) for column in SHOWN}
    return {"properties": properties, "required": list(properties)}


def row_schema() -> dict[str, Any]:
    """A row of an import: every member may be absent, all but the time may be null."""
    properties: dict[str, Any] = {}
    for column in SHOWN:
        properties[column.public_name] = _taken(column)
        if column.kind == "instant":
            also = {"description": f"Read when there is no {column.public_name}."}
            properties["time"] = {**properties[column.public_name], **also}
    return {"type": "object", "properties": properties}


def _answered(column: Column) -> dict[str, Any]:
    kind = _TYPES[column.kind]
    schema: dict[str, Any] = {"type": [kind, "null"] if column.nullable else kind}
    if column.kind == "numbers":
        schema["additionalProperties"] = {"type": "number"}
    if column.kind == "texts":
        schema["additionalProperties"] = CONDITION_SCHEMA
    return schema | {"description": column.about}


def _taken(column: Column) -> dict[str, Any]:
    if column.kind == "instant":
        about = f"{column.about} ISO 8601 or epoch. Absent: {column.absent}; null: an error."
        return {"type": ["string", "number"], "description": about}
    about = column.about
    if column.absent:
        about += f" Absent or null: {column.absent}."
    if column.cut:
        about += f" Cut to {column.cut} characters."
    return {"type": [_TYPES[column.kind], "null"], **_limits(column), "description": about}


def _limits(column: Column) -> dict[str, Any]:
    """What a value that is there may be."""
    if column.kind in ("count", "amount"):
        return {"minimum": 0}
    if column.kind == "numbers":
        values = {"type": ["number", "null"]}
        return {"additionalProperties": values, "maxProperties": MAX_EXTRAS}
    if column.kind == "texts":
        return conditions_schema()
    if column.kind == "text" and not column.cut:
        return {"maxLength": MAX_LABEL_CHARACTERS}
    return {}
