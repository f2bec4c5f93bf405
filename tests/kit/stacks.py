"""More stacks of the deployed template, on the AWS of a running local cloud."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.kit.local_cloud import LocalCloud, until

_TEMPLATES = "templates-of-tests"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(frozen=True)
class Stack:
    """One stack besides the local cloud's own; nothing is built or uploaded for it again."""

    cloud: LocalCloud
    name: str

    def create(self) -> str:
        """Make it from the local cloud's own template and parameters; how that ended."""
        self._client.create_stack(**self._as_the_clouds_own())
        return self._ended()

    def delete(self) -> None:
        """Delete it, and wait until it is gone."""
        self._client.delete_stack(StackName=self.name)
        until(lambda: self.status() in ("", "DELETE_COMPLETE"), f"{self.name} deleted", 120)

    def status(self) -> str:
        """What CloudFormation says of it; empty when there is none."""
        try:
            found = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError:
            return ""
        return str(found[0]["StackStatus"]) if found else ""

    def resources(self) -> dict[str, str]:
        """All physical names by logical id."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        rows = [row for page in pages for row in page["StackResourceSummaries"]]
        return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}

    @property
    def _client(self) -> Any:
        return self.cloud.aws("cloudformation")

    def _as_the_clouds_own(self) -> dict[str, Any]:
        own = self._client.describe_stacks(StackName="evalyard")["Stacks"][0]
        names = ("ParameterKey", "ParameterValue")
        return {
            "StackName": self.name,
            "TemplateURL": self._template_url(),
            "Parameters": [{name: one[name] for name in names} for one in own["Parameters"]],
            "Capabilities": _CAPABILITIES,
        }

    def _ended(self) -> str:
        until(lambda: not self.status().endswith("IN_PROGRESS"), f"{self.name} made", 120)
        return self.status()

    def _template_url(self) -> str:
        """Its address on S3: CloudFormation takes no template of this size in the call itself."""
        body = self._client.get_template(StackName="evalyard", TemplateStage="Original")
        text = body["TemplateBody"]
        s3 = self.cloud.aws("s3")
        s3.create_bucket(Bucket=_TEMPLATES)
        s3.put_object(
            Bucket=_TEMPLATES,
            Key="template",
            Body=text if isinstance(text, str) else json.dumps(text),
        )
        return f"https://s3.us-east-1.amazonaws.com/{_TEMPLATES}/template"
