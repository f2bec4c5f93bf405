"""Functions that are called by an alias: whatever is deployed is what the alias names."""

import copy
from typing import Any

import pytest

from tests.template.conftest import Transformed, references
from tools.transformed import transformed as transform

ALIASED = ("Accounts", "Datasets", "Devices", "Jobs", "Usage")


def versions(source: dict[str, Any]) -> dict[str, str]:
    """The logical id of each function's version: another id is another version."""
    document = transform(source)
    return {
        name: version
        for version, body in document["Resources"].items()
        if body["Type"] == "AWS::Lambda::Version"
        for name in references(body["Properties"]["FunctionName"])
    }


@pytest.fixture
def source(transformed: Transformed) -> dict[str, Any]:
    """The template, to be changed."""
    return copy.deepcopy(transformed.source)


def test_endpoint_groups_are_versioned(source: dict[str, Any]) -> None:
    assert sorted(versions(source)) == sorted(ALIASED)


@pytest.mark.exhaustive
@pytest.mark.parametrize("layer", ["WebLayer", "SharedLayer"])
def test_new_version_is_published_when_a_layer_changes(source: dict[str, Any], layer: str) -> None:
    before = versions(source)
    source["Resources"][layer]["Properties"]["Description"] = "Other content."

    after = versions(source)

    assert [name for name in ALIASED if before[name] == after[name]] == []


def test_new_version_is_published_when_release_changes(source: dict[str, Any]) -> None:
    """A changed parameter alone changes no property that SAM sees; its value is in `Release`."""
    before = versions(source)
    source["Parameters"]["Release"]["Default"] = "another"

    after = versions(source)

    assert [name for name in ALIASED if before[name] == after[name]] == []


def test_api_never_calls_a_versioned_function_beside_its_alias(transformed: Transformed) -> None:
    body = str(transformed.document["Resources"]["Api"]["Properties"]["Body"])

    assert [name for name in ALIASED if f"${{{name}.Arn}}" in body] == []
    assert [name for name in ALIASED if f"${{{name}Aliaslive}}" not in body] == []


@pytest.mark.parametrize("function", ALIASED)
def test_function_may_start_from_snapshots(transformed: Transformed, function: str) -> None:
    """AWS's limits: 512 MB of ephemeral storage, no provisioned concurrency."""
    properties = transformed.functions()[function]["Properties"]
    storage = properties.get("EphemeralStorage", {"Size": 512})["Size"]

    assert properties["SnapStart"] == {"ApplyOn": {"Ref": "SnapStart"}}
    assert storage in (512, {"Fn::If": ["SnapStartOn", 512, 2048]})
    assert (
        "ProvisionedConcurrencyConfig"
        not in transformed.source["Resources"][function]["Properties"]
    )
