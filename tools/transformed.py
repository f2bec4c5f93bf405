"""The template as SAM transforms it: what CloudFormation will see.

`python -m tools.transformed FILE` writes it as JSON for tools that read templates. `make check` has
checkov read it, which knows neither YAML's merges nor what SAM adds.
"""

import copy
import json
import os
import sys
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from tools.template import REGION, ROOT


class _NoManagedPolicies:
    """Our policies are all written out, so SAM need not ask AWS for its own."""

    def load(self) -> dict[str, str]:
        return {}


def read_source() -> dict[str, Any]:
    """The repository's template with YAML's aliases and CloudFormation's short forms resolved."""
    source: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return source


def transformed(source: dict[str, Any]) -> dict[str, Any]:
    """The template after the SAM transform."""
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        document: dict[str, Any] = transform(_packaged(source), {}, _NoManagedPolicies())
        _accept_of_stages(document["Resources"])
        return document
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before


def _accept_of_stages(resources: dict[str, dict[str, Any]]) -> None:
    """What is accepted of a REST API holds for its stage, which SAM makes without metadata."""
    for resource in resources.values():
        if resource["Type"] == "AWS::ApiGateway::Stage" and "Metadata" not in resource:
            api = resource["Properties"]["RestApiId"]["Ref"]
            resource["Metadata"] = resources[api].get("Metadata", {})


def _packaged(template: dict[str, Any]) -> dict[str, Any]:
    """As `sam package` leaves it: local folders are S3 locations by then."""
    packaged = copy.deepcopy(template)
    for resource in packaged["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = "s3://bucket/key"
    return packaged


def main(target: str) -> None:
    """Write the transformed template to a file, as JSON."""
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(transformed(read_source()), indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
