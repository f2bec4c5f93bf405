"""The template as SAM transforms it: what CloudFormation will see."""

from typing import Any

import pytest

from tools.transformed import read_source
from tools.transformed import transformed as transform

Resources = dict[str, dict[str, Any]]


class Transformed:
    """The transformed template, asked by kinds of resources."""

    def __init__(self, source: dict[str, Any], document: dict[str, Any]) -> None:
        self.source = source
        self.document = document

    def of_type(self, kind: str) -> Resources:
        """Resources of one type by logical id."""
        resources = self.document["Resources"].items()
        return {name: body for name, body in resources if body["Type"] == kind}

    def functions(self) -> Resources:
        """All functions by logical id."""
        return self.of_type("AWS::Lambda::Function")

    def referring(self, kind: str, property_name: str, target: str) -> list[dict[str, Any]]:
        """Properties of the resources of a kind whose property refers to the target."""
        found = [body["Properties"] for body in self.of_type(kind).values()]
        return [one for one in found if target in references(one.get(property_name))]


def references(value: Any) -> set[str]:
    """Every resource that a value refers to, by Ref, GetAtt or Sub."""
    if isinstance(value, list):
        return {name for part in value for name in references(part)}
    if not isinstance(value, dict):
        return set()
    found = {name for part in value.values() for name in references(part)}
    if "Ref" in value:
        found.add(value["Ref"])
    if "Fn::GetAtt" in value:
        found.add(value["Fn::GetAtt"][0])
    return found


@pytest.fixture(scope="session")
def transformed() -> Transformed:
    """The repository's template after the SAM transform."""
    source = read_source()
    return Transformed(source, transform(source))
