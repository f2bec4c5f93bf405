"""Writes client/evalyard/models.py: the answers of the API that the SDK reads, from its document.

`make openapi` runs it, and a test fails when the file is not what it would write.
"""

import keyword
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from tools.formatting import formatted
from tools.template import ROOT

TARGET = ROOT / "client" / "evalyard" / "models.py"
# What the SDK decodes, and all that these are made of.
ROOTS = (
    "AppendAnswer",
    "BaselineDetailAnswer",
    "ChangesAnswer",
    "CompareAnswer",
    "DatasetEntry",
    "DeadJobAnswer",
    "DeviceDetailAnswer",
    "DeviceAnswer",
    "BaselineAnswer",
    "GateAnswer",
    "HealthAnswer",
    "ImportAnswer",
    "JobDetailAnswer",
    "JobAnswer",
    "JobPreview",
    "MeAnswer",
    "ProblemFault",
    "ResultAnswer",
    "RowsAnswer",
    "SavedAdapter",
    "SummaryAnswer",
    "UndoAnswer",
    "UsageAnswer",
)
_RENAMED = {
    "JobAnswer": "JobRecord",
    "JobDetailAnswer": "JobDetail",
    "ResultAnswer": "JobResult",
    "UsageAnswer": "UsageTable",
}
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_HEADER = '''\
"""The answers of the API. Written by `make openapi` from its OpenAPI document; edits are lost.

Members that a newer service adds are ignored, and texts may have values that this version does not
know. What is null there is None here; what an older service does not say is None, False or empty.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec import field as _field  # Some have a member `field`.
'''

Schema = dict[str, Any]


def write(document: dict[str, Any]) -> None:
    """Write the file."""
    TARGET.write_text(render(document), encoding="utf-8")


def render(document: dict[str, Any]) -> str:
    """The module's text."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    needed: dict[str, None] = {}
    for name in ROOTS:
        _reach(name, schemas, needed)
    blocks = [_struct(name, schemas[name]) for name in sorted(needed, key=_class_name)]
    return formatted("\n\n".join([_HEADER, *blocks]), TARGET)


def _reach(name: str, schemas: dict[str, Schema], needed: dict[str, None]) -> None:
    if name not in needed:
        needed[name] = None
        for each in _references(schemas[name]):
            _reach(each, schemas, needed)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield _name_of(part["$ref"])
        for each in part.values():
            yield from _references(each)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)


def _struct(name: str, schema: Schema) -> str:
    required = set(schema.get("required", ()))
    members = [
        f"    {_member(member, part, member in required)}"
        for member, part in schema.get("properties", {}).items()
    ]
    about = _about(schema.get("description", ""), _class_name(name))
    head = f"class {_class_name(name)}(Struct, kw_only=True, frozen=True):\n    {about}\n"
    return "\n".join([head, *members, ""])


def _member(name: str, schema: Schema, required: bool) -> str:
    """A member. An older service does not say all: what can be null, false or empty then is.

    A number or a text is not made up; without one the answer is unreadable, and says so.
    """
    kind = _type(schema)
    may_be_null = "None" in kind.split(" | ") or kind == "Any"
    if not required and not may_be_null:
        kind, may_be_null = f"{kind} | None", True
    safe = f"{name}_" if keyword.iskeyword(name) else name
    said = {"name": f'"{name}"'} if safe != name else {}
    if may_be_null:
        said["default"] = "None"
    elif kind.startswith(("list[", "dict[")):
        said["default_factory"] = kind[:4]
    elif kind == "bool":
        said["default"] = "False"
    if said.keys() == {"default"}:
        return f"{safe}: {kind} = {said['default']}"
    arguments = ", ".join(f"{each}={value}" for each, value in said.items())
    return f"{safe}: {kind}" + (f" = _field({arguments})" if said else "")


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return _class_name(_name_of(schema["$ref"]))
    if "anyOf" in schema:
        return _union([_type(each) for each in schema["anyOf"]])
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union([_type({**schema, "type": each}) for each in kind])
    if kind == "array":
        return _array(schema)
    if kind == "object":
        inner = schema.get("additionalProperties", True)
        return f"dict[str, {_type(inner) if isinstance(inner, dict) else 'Any'}]"
    return _PLAIN.get(str(kind), "Any")


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"tuple[{', '.join(_type(each) for each in schema['prefixItems'])}]"
    return f"list[{_type(schema.get('items', {}))}]"


def _union(kinds: list[str]) -> str:
    distinct = list(dict.fromkeys(kinds))
    structs = [kind for kind in distinct if kind[0].isupper() and kind not in ("Any", "None")]
    if "Any" in distinct or len(structs) > 1:
        return "Any"
    if {"int", "float"} <= set(distinct):
        distinct.remove("int")
    # Where texts may stand too, a number is a label: 4 is the 4 that a filter finds, not 4.0.
    if {"str", "float"} <= set(distinct):
        distinct.insert(distinct.index("float"), "int")
    return " | ".join(sorted(distinct, key=lambda kind: kind == "None"))


def _about(description: str, name: str) -> str:
    """A docstring: the description's first sentence."""
    sentence, _, _ = re.sub(r"\s+", " ", description).strip().partition(". ")
    lines = textwrap.wrap(f'"""{sentence.rstrip(".") or name}.', 90, break_long_words=False)
    return "\n    ".join(lines) + ('"""' if len(lines) == 1 else '\n    """')


def _name_of(reference: str) -> str:
    return reference.rpartition("/")[2]


def _class_name(name: str) -> str:
    return _RENAMED.get(name) or re.sub(r"(Answer|Entry)$", "", name)
