"""Writes functions/health/openapi.json: all endpoint groups in one OpenAPI document.

Functions never import each other; this tool imports them all. `make openapi` runs it,
and a test fails when the file is not what it would write.
"""

import importlib
import json
import re
import tomllib
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from functions.gateway.description import describe
from shared.http.idempotency import is_creating
from shared.http.routes import OpenRoute
from shared.http.schemas import ERROR_RESPONSES
from tools import build_client_models, build_client_sync
from tools.template import ROOT, read_template

TARGET = ROOT / "functions" / "health" / "openapi.json"
SCHEMES = {
    "user": ("UserToken", "X-User-Token", "For users: datasets, jobs, usage, accounts."),
    "api_key": ("ApiKey", "X-Api-Key", "For programs that call the LLM gateway."),
    "device": ("DeviceToken", "X-Device-Token", "For device runners."),
}
_DESCRIPTION = """\
Measures language models on real devices: push rows into **datasets**, queue **jobs** that device
runners run on a real model, and read **usage**: what ran where, how fast, how well.

- **Errors** are `application/problem+json` (RFC 9457); branch on `code`. A missing, unknown,
  revoked or expired credential gets 401 `{"message":"Unauthorized"}`, another user's object
  404.
- **Time** comes in as ISO 8601 (without an offset: UTC) or as an epoch number in s, ms, µs or ns;
  it goes out as `…Z` with milliseconds.
- **Lists** are pages: `data`, `next_cursor`, `has_more`; a cursor belongs to caller and filters.
- **Repeating**: a POST that creates takes `Idempotency-Key`; the same key and body within 24 hours
  replay the first answer, with `Idempotent-Replayed: true` and without secrets.
- **Bodies** may have 5 MB (1 MB is 2²⁰ bytes) and may be sent with gzip.
"""
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body within 24 h replay the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "2f6f0f1e-9a3b-4c57-8f5e-1b1f0f6f8a11",
}
_HEADERS = {
    "X-Request-Id": {
        "description": "Identifies this call in the service's logs.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which the call may be repeated.",
        "schema": {"type": "integer"},
    },
}
_SUCCESS = {
    "200": "Done.",
    "201": "Created.",
    "202": "Accepted.",
    "204": "Done; the answer has no body.",
}


class NameClashError(Exception):
    """Two models have one name. A name in the document means one thing."""


def build(groups: list[FastAPI] | None = None) -> dict[str, Any]:
    """The document of these endpoint groups; without any, of all. Raises NameClashError."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Evalyard API",
            "version": _version(),
            "description": _DESCRIPTION,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {
            "schemas": {},
            "headers": _HEADERS,
            "securitySchemes": _security_schemes(),
        },
    }
    sources: dict[str, str] = {}
    for app in groups or endpoint_groups():
        _merge(document, app, sources)
    if not groups:
        _merge_described(document, describe(), sources)
    document["paths"] = dict(sorted(document["paths"].items()))
    document["components"]["schemas"] = dict(sorted(document["components"]["schemas"].items()))
    return document


def endpoint_groups() -> list[FastAPI]:
    """The app of every function of the template that has one."""
    handlers = [body["Properties"]["Handler"] for body in read_template().functions().values()]
    modules = [importlib.import_module(handler.rpartition(".")[0]) for handler in sorted(handlers)]
    return [module.app for module in modules if hasattr(module, "app")]


def render(document: dict[str, Any]) -> str:
    """The document as the text of its file."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _merge(document: dict[str, Any], app: FastAPI, sources: dict[str, str]) -> None:
    # A copy, in which no two operations share a part.
    group = json.loads(json.dumps(_with_errors(app).openapi()))
    schemas = group.get("components", {}).get("schemas", {})
    routes = {
        (route.path_format, method): route
        for route in _routes(app)
        for method in route.methods or ()
    }
    for path, operations in group["paths"].items():
        for method, operation in operations.items():
            operation["operationId"] = "_".join([method, *re.findall(r"\w+", path)])
            route = routes[path, method.upper()]
            _complete(operation, route)
            _let_secrets_be_absent(operation, route, schemas)
        assert path not in document["paths"], f"{path} is served by two functions"
        document["paths"][path] = operations
    _add_schemas(document["components"]["schemas"], schemas, app.title, sources)


def _with_errors(app: FastAPI) -> FastAPI:
    """The app with what every route may answer as well, which only its description says."""
    described = FastAPI(
        title=app.title, responses=ERROR_RESPONSES, separate_input_output_schemas=False
    )
    described.include_router(app.router)
    return described


def _merge_described(
    document: dict[str, Any], fragment: dict[str, Any], sources: dict[str, str]
) -> None:
    """Adds the paths of a function that is no FastAPI app, and describes itself."""
    assert not document["paths"].keys() & fragment["paths"].keys(), "a path is served twice"
    document["paths"] |= fragment["paths"]
    schemas = fragment["components"]["schemas"]
    _add_schemas(document["components"]["schemas"], schemas, "gateway", sources)


def _add_schemas(
    taken: dict[str, Any], schemas: dict[str, Any], group: str, sources: dict[str, str]
) -> None:
    """Adds a group's schemas; `sources` keeps which group brought a name. Raises NameClashError."""
    for name, schema in schemas.items():
        # FastAPI writes the modules into the names where one group has two models of a name.
        if name.startswith(("functions__", "shared__")):
            raise NameClashError(f"{group} has two models of one name: {name}; rename one")
        if taken.setdefault(name, schema) != schema:
            raise NameClashError(
                f"{group} and {sources[name]} each have another model named {name}; rename one"
            )
        sources.setdefault(name, group)


def _routes(app: FastAPI) -> list[APIRoute]:
    found = [context.original_route for context in iter_route_contexts(app.routes)]
    return [route for route in found if isinstance(route, APIRoute) and route.include_in_schema]


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    assert isinstance(route, OpenRoute), f"{route.path} has no route class of ours"
    if is_creating(route.endpoint):
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    if route.credential:
        operation["security"] = [{SCHEMES[route.credential][0]: []}]
    unfit = _unfit(operation, route)
    operation["responses"] = {
        status: _completed(status, response)
        for status, response in sorted(operation["responses"].items())
        if status not in unfit or response["description"] != _shared(status)
    }


def _let_secrets_be_absent(
    operation: dict[str, Any], route: APIRoute, schemas: dict[str, Any]
) -> None:
    """A replay of an answer leaves its secrets out, so its schema cannot require them."""
    secrets = getattr(route.endpoint, "__creates__", ())
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if status < "300" and name:
            kept = [each for each in schemas[name].get("required", []) if each not in secrets]
            schemas[name]["required"] = kept


def _shared(status: str) -> str:
    """What the answer that all operations share says; a route may describe its own."""
    return str(ERROR_RESPONSES[int(status)]["description"])


def _unfit(operation: dict[str, Any], route: OpenRoute) -> set[str]:
    """The shared answers that this operation can never give."""
    unfit = set() if route.credential else {"401"}
    # Only users are held to a rate.
    unfit |= set() if route.credential in ("user", "api_key") else {"429"}
    if "requestBody" in operation:
        return unfit
    unfit |= {"415"} | (set() if "parameters" in operation else {"422"})
    # Answers that may be too large say what to do then.
    unfit |= set() if hasattr(route.endpoint, "__advice__") else {"413"}
    # A parameter that is not known is refused, except where the query means nothing.
    return unfit | ({"400"} if route.any_query else set())


def _completed(status: str, response: dict[str, Any]) -> dict[str, Any]:
    problem = response.get("content", {}).get("application/problem+json")
    if problem:
        # FastAPI describes the model once more, in the media type of the route's good answers.
        response["content"] = {"application/problem+json": problem}
    if response["description"] == "Successful Response":
        response["description"] = _SUCCESS[status]
    names = list(_HEADERS) if status in ("429", "503") else ["X-Request-Id"]
    refs = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {**response, "headers": {**response.get("headers", {}), **refs}}


def _security_schemes() -> dict[str, Any]:
    return {
        name: {"type": "apiKey", "in": "header", "name": header, "description": description}
        for name, header, description in SCHEMES.values()
    }


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


if __name__ == "__main__":
    whole = build()
    TARGET.write_text(render(whole), encoding="utf-8")
    build_client_models.write(whole)
    build_client_sync.write()
