"""The one document of the whole API: current, valid, complete."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from shared.http import OpenRoute
from tools.build_openapi import SCHEMES, TARGET, NameClashError, build, render

OPEN_PATHS = {"/", "/ping", "/health", "/docs", "/openapi.json"}
OLLAMA_PATHS = {"/api/chat", "/api/generate", "/api/tags", "/api/version"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """As it is committed; one test says that it is what the code gives, which takes seconds."""
    found: dict[str, Any] = json.loads(TARGET.read_text(encoding="utf-8"))
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.exhaustive
def test_committed_document_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == render(build()), "run `make openapi`"


@pytest.mark.exhaustive
def test_document_is_valid(document: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_operation_says_what_it_is(document: dict[str, Any]) -> None:
    mute = [
        name
        for name, operation in operations(document)
        if not (operation.get("summary") and operation.get("description") and operation.get("tags"))
    ]

    assert mute == []


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]

    assert len(names) == len(set(names))


def test_every_answer_is_described_and_errors_are_problems(document: dict[str, Any]) -> None:
    wrong = [
        f"{name} {status}"
        for name, operation in operations(document)
        for status, response in operation["responses"].items()
        if not response["description"] or not _has_right_body(name, status, response)
    ]

    assert wrong == []


def test_every_operation_but_the_open_ones_needs_a_credential(document: dict[str, Any]) -> None:
    schemes = {name for name, _, _ in SCHEMES.values()}
    for name, operation in operations(document):
        is_open = name.partition(" ")[2] in OPEN_PATHS
        assert ("security" not in operation) == is_open, name
        assert ("401" not in operation["responses"]) == is_open, name
        assert {scheme for entry in operation.get("security", []) for scheme in entry} <= schemes


def test_bodies_state_their_limits(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if "requestBody" in operation:
            refused = "400" if _speaks_as_others(name) else "422"
            assert {"413", "415", refused} <= set(operation["responses"]), name


def _speaks_as_others(name: str) -> bool:
    """Whether an operation speaks as OpenAI's API or Ollama's does."""
    path = name.partition(" ")[2]
    return path.startswith("/v1/") or path in OLLAMA_PATHS


def _has_right_body(name: str, status: str, response: dict[str, Any]) -> bool:
    kinds = set(response.get("content", {}))
    if status == "401" or (status >= "400" and _speaks_as_others(name)):
        return kinds == {"application/json"}
    return status < "400" or status == "503" or kinds == {"application/problem+json"}


def group(title: str, members: dict[str, type]) -> FastAPI:
    app = FastAPI(title=title)
    router = APIRouter(route_class=OpenRoute)
    for number, (name, kind) in enumerate(members.items()):
        body = {"__module__": f"functions.{title}.m{number}", "__annotations__": {"value": kind}}
        model = type(name.rstrip("_"), (BaseModel,), body)
        router.add_api_route(f"/{title}/{number}", lambda: None, response_model=model)
    app.include_router(router)
    return app


def test_document_is_refused_when_two_groups_mean_other_things_by_one_name() -> None:
    groups = [group("jobs", {"QueueAnswer": int}), group("devices", {"QueueAnswer": str})]

    with pytest.raises(NameClashError, match=r"devices and jobs .* named QueueAnswer"):
        build(groups)


def test_document_is_refused_when_one_group_has_two_models_of_one_name() -> None:
    groups = [group("jobs", {"QueueAnswer": int, "QueueAnswer_": str})]

    with pytest.raises(NameClashError, match=r"jobs has two models of one name: .*QueueAnswer"):
        build(groups)


def test_schema_stands_once_when_two_groups_share_it() -> None:
    groups = [group("jobs", {"Shared": int}), group("devices", {"Shared": int})]

    schemas = build(groups)["components"]["schemas"]
    assert [name for name in schemas if not name.startswith(("Problem", "Unauthorized"))] == [
        "Shared"
    ]
