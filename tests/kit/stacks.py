"""More stacks of the deployed template, on the AWS of a running local cloud."""

import json
from dataclasses import dataclass
from functools import cached_property
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

    def update(self) -> str:
        """Bring it to the local cloud's own template; how that ended."""
        self._client.update_stack(**self._as_the_clouds_own())
        return self._ended()

    def import_resources(self, template: dict[str, Any], resources: list[dict[str, Any]]) -> str:
        """Make it of resources that are there already; how that ended."""
        self._client.create_change_set(
            StackName=self.name,
            ChangeSetName="import",
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps(template),
            ResourcesToImport=resources,
        )
        until(lambda: self._change_set() == "CREATE_COMPLETE", "the change set")
        self._client.execute_change_set(StackName=self.name, ChangeSetName="import")
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

    def invoke(self, logical_id: str, event: dict[str, Any]) -> dict[str, Any]:
        """What one of its functions answers to an event."""
        answer = self.cloud.aws("lambda").invoke(
            FunctionName=self.resources()[logical_id], Payload=json.dumps(event)
        )
        content: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, content
        return content

    def created(self) -> set[str]:
        """Logical ids of all that was made for it, also if it went again."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=self.name)
        events = [event for page in pages for event in page["StackEvents"]]
        return {
            event["LogicalResourceId"]
            for event in events
            if event["ResourceStatus"] == "CREATE_COMPLETE"
        }

    def resources(self) -> dict[str, str]:
        """All physical names by logical id."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        rows = [row for page in pages for row in page["StackResourceSummaries"]]
        return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}

    @cached_property
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

    def _change_set(self) -> str:
        found = self._client.describe_change_set(StackName=self.name, ChangeSetName="import")
        assert found["Status"] != "FAILED", found.get("StatusReason")
        return str(found["Status"])

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
