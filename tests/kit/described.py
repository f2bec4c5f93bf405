"""Holds answers against the OpenAPI document: what clients are promised is what they get.

An object may have no members but the described ones, which is stricter than the document: clients
pass over members that they do not know, but an answer that grows one is described anew.
"""

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs

DOCUMENT = Path(__file__).resolve().parents[2] / "functions" / "health" / "openapi.json"
Operation = dict[str, Any]
_SCHEMAS = "#/components/schemas/"
_JSON = ("application/json", "application/problem+json")
# What Mangum makes of a call that a test kills; clients then have an answer of API Gateway.
_KILLED = (500, b"Internal Server Error")


class UndescribedError(AssertionError):
    """An answer is not as the OpenAPI document says."""


def check_described(method: str, path: str, status: int, kind: str, body: bytes) -> None:
    """Raises UndescribedError where an operation of the document gives another answer.

    `kind` is the answer's content type. What is at no path of the document is not looked at.
    """
    route = _route(path)
    if route is None:
        return
    operation = _operation(method, route)
    if operation is None:
        _require(status in (404, 405), f"{method} {route} is not described, but answers {status}")
        return
    if (status, body) == _KILLED:
        return
    name = f"{method} {route} {status}"
    _require(str(status) in operation["responses"], f"{name} is not described")
    content = operation["responses"][str(status)].get("content", {})
    media = kind.partition(";")[0]
    if not body:
        empty_text = media in content and media not in _JSON
        _require(not content or empty_text or method == "HEAD", f"{name} has no body")
        return
    _require(media in content, f"{name} is {media!r}, described are {sorted(content)}")
    if media in _JSON:
        _check_body(name, method, route, status, media, body)


def _check_body(name: str, method: str, route: str, status: int, media: str, body: bytes) -> None:
    value = json.loads(body, parse_constant=_refuse)
    for error in _validator(method, route, str(status), media).iter_errors(value):
        raise UndescribedError(f"{name}: {error}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise UndescribedError(message)


def _refuse(constant: str) -> None:
    raise UndescribedError(f"{constant} is no JSON")


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The document's paths, those without parameters first."""
    paths = sorted(_document()["paths"], key=lambda path: "{" in path)
    return [
        (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path.replace(".", r"\."))), path)
        for path in paths
    ]


@lru_cache(maxsize=1_000)
def _route(path: str) -> str | None:
    return next((route for pattern, route in _patterns() if pattern.fullmatch(path)), None)


def _operation(method: str, route: str) -> Operation | None:
    operations = _document()["paths"][route]
    # HEAD is GET without the body.
    return operations.get("get" if method == "HEAD" else method.lower())  # type: ignore[no-any-return]


@cache
def _validator(method: str, route: str, status: str, media: str) -> jsonschema_rs.Validator:
    operation = _operation(method, route)
    assert operation is not None
    schema = operation["responses"][status]["content"][media]["schema"]
    schemas: dict[str, Any] = {}
    _gather(schema, schemas)
    return jsonschema_rs.Draft202012Validator({**schema, "components": {"schemas": schemas}})


def _gather(value: Any, schemas: dict[str, Any]) -> None:
    """Put every schema that a part of the document refers to, however far, into `schemas`.

    A validator is made in a tenth of the time that it takes with all there are.
    """
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            _gather(part, schemas)
        elif isinstance(part, str) and part.startswith(_SCHEMAS):
            name = part.removeprefix(_SCHEMAS)
            if name not in schemas:
                schemas[name] = _document()["components"]["schemas"][name]
                _gather(schemas[name], schemas)
