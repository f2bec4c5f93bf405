"""`make import-retained`: writes what CloudFormation needs to take back what a deleted stack left.

Tables and the data bucket stay when their stack is deleted. A new stack of the same name cannot
make the bucket again; it can import all of them first (docs/deploy.md).
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError

from local.build import BUILD
from local.errors import LocalCloudError

TARGET = BUILD.parent / "import"
_IDENTIFIERS = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}
# Sections that the properties of what is imported may refer to.
_SECTIONS = ("AWSTemplateFormatVersion", "Parameters", "Conditions")


def print_import(stack: str) -> None:
    """Writes template and resources, and prints the commands to run with them."""
    template = yaml.safe_load((BUILD / "template.yaml").read_text(encoding="utf-8"))
    try:
        found = find_retained(template, stack, boto3.Session())
    except (BotoCoreError, ClientError) as exc:
        raise LocalCloudError(f"stack {stack}: {exc}") from exc
    TARGET.mkdir(parents=True, exist_ok=True)
    there = {each.logical_id for each in found}
    for path, content in _files(import_template(template, there), found).items():
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    for absent in sorted(set(retained_resources(template)) - there):
        print(f"# {absent} is not there: the deployment makes it, empty")
    print(_COMMANDS.format(stack=stack, folder=TARGET))


def _files(template: dict[str, Any], found: list["Retained"]) -> dict[Path, Any]:
    resources = [each.to_import() for each in found]
    return {TARGET / "template.json": template, TARGET / "resources.json": resources}


_COMMANDS = """\
aws cloudformation create-change-set --stack-name {stack} --change-set-name import \\
  --change-set-type IMPORT --template-body file://{folder}/template.json \\
  --resources-to-import file://{folder}/resources.json
aws cloudformation wait change-set-create-complete --stack-name {stack} --change-set-name import
aws cloudformation execute-change-set --stack-name {stack} --change-set-name import
aws cloudformation wait stack-import-complete --stack-name {stack}
make deploy STACK={stack}"""


@dataclass(frozen=True)
class Retained:
    """A resource that is there without a stack."""

    logical_id: str
    kind: str
    name: str

    def to_import(self) -> dict[str, Any]:
        """As CloudFormation wants it named."""
        return {
            "ResourceType": self.kind,
            "LogicalResourceId": self.logical_id,
            "ResourceIdentifier": {_IDENTIFIERS[self.kind]: self.name},
        }


def retained_resources(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What stays when its stack is deleted and a new one would miss."""
    return {
        logical_id: resource
        for logical_id, resource in template["Resources"].items()
        if resource.get("DeletionPolicy", "").startswith("Retain") and "Condition" not in resource
    }


def import_template(template: dict[str, Any], there: Collection[str]) -> dict[str, Any]:
    """The template of what is there to be imported alone: an import can make nothing else.

    What refers to other resources is left out; the deployment that follows adds it.
    """
    retained = retained_resources(template)
    kept = {name: retained[name] for name in retained if name in there}
    absent = set(template["Resources"]) - set(kept)
    sections = {name: template[name] for name in _SECTIONS if name in template}
    return sections | {"Resources": {name: _alone(kept[name], absent) for name in kept}}


def _alone(resource: dict[str, Any], absent: set[str]) -> dict[str, Any]:
    properties = {
        name: value
        for name, value in resource["Properties"].items()
        if not any(re.search(rf'["{{]{other}[".}}]', json.dumps(value)) for other in absent)
    }
    return {
        "Type": resource["Type"],
        "DeletionPolicy": resource["DeletionPolicy"],
        "UpdateReplacePolicy": resource["UpdateReplacePolicy"],
        "Properties": properties,
    }


def find_retained(template: dict[str, Any], stack: str, session: Any) -> list[Retained]:
    """What the last stack of this name left; raises LocalCloudError where that is not clear.

    A stack of an older release may have had less: what is not there is left out.
    """
    tables = _tables(session)
    names = {
        logical_id: _bucket_name(resource["Properties"]["BucketName"]["Fn::Sub"], stack, session)
        if resource["Type"] == "AWS::S3::Bucket"
        else _table_name(logical_id, stack, tables)
        for logical_id, resource in retained_resources(template).items()
    }
    if not any(names[each] for each in names if each.endswith("Table")):
        raise LocalCloudError(f"there is no table {stack}-…: was the stack called so?")
    kinds = retained_resources(template)
    return [Retained(each, kinds[each]["Type"], name) for each, name in names.items() if name]


def _tables(session: Any) -> list[str]:
    pages = session.client("dynamodb").get_paginator("list_tables").paginate()
    return [name for page in pages for name in page["TableNames"]]


def _table_name(logical_id: str, stack: str, tables: list[str]) -> str | None:
    """The one table that the stack left under this id, or None."""
    fitting = [name for name in tables if name.startswith(f"{stack}-{logical_id}-")]
    if len(fitting) > 1:
        raise LocalCloudError(
            f"there may be one table {stack}-{logical_id}-…, and there are: {', '.join(fitting)}"
        )
    return next(iter(fitting), None)


def _bucket_name(pattern: str, stack: str, session: Any) -> str:
    account = session.client("sts").get_caller_identity()["Account"]
    values = {"StackName": stack, "AccountId": account, "Region": session.region_name}
    return re.sub(r"\$\{AWS::(\w+)\}", lambda match: values[match.group(1)], pattern)
