"""The deployed stack as CloudFormation knows it: processed template, resources, outputs."""

import json
from dataclasses import dataclass
from typing import Any

from local.aws import LocalAws
from local.errors import LocalCloudError


@dataclass(frozen=True)
class Stack:
    """A deployed stack, read once."""

    template: dict[str, Any]
    physical_ids: dict[str, str]
    outputs: dict[str, str]

    def output(self, name: str) -> str:
        """The value of one output."""
        if name not in self.outputs:
            raise LocalCloudError(f"the stack has no output {name}")
        return self.outputs[name]

    def of_type(self, kind: str) -> dict[str, str]:
        """Logical → physical ids of the resources of one type."""
        return {
            name: self.physical_ids[name]
            for name, resource in self.template.get("Resources", {}).items()
            if resource.get("Type") == kind and name in self.physical_ids
        }


def read_stack(aws: LocalAws, name: str) -> Stack:
    """Reads the stack's processed template, so SAM's own resources are in it."""
    client = aws.client("cloudformation")
    body = client.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    described = client.describe_stacks(StackName=name)["Stacks"][0]
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return Stack(
        template=json.loads(body) if isinstance(body, str) else dict(body),
        physical_ids={
            row["LogicalResourceId"]: row["PhysicalResourceId"]
            for page in pages
            for row in page["StackResourceSummaries"]
            if row.get("PhysicalResourceId")
        },
        outputs={row["OutputKey"]: row["OutputValue"] for row in described.get("Outputs", [])},
    )
