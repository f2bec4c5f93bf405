"""Switches on the time-to-live attributes that the template declares for its tables.

CloudFormation does this on AWS; MiniStack keeps the property and ignores it.
"""

from typing import Any

from local.aws import LocalAws


def apply_ttl(aws: LocalAws, template: dict[str, Any], physical_ids: dict[str, str]) -> None:
    """Brings each table to the setting of the processed template; repeating it is harmless."""
    client = aws.client("dynamodb")
    for logical_id, resource in template.get("Resources", {}).items():
        wanted = resource.get("Properties", {}).get("TimeToLiveSpecification")
        if resource.get("Type") == "AWS::DynamoDB::Table" and wanted:
            _apply(client, physical_ids[logical_id], wanted)


def _apply(client: Any, table: str, wanted: dict[str, Any]) -> None:
    current = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    enabled = current["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
    if bool(wanted.get("Enabled")) != enabled:
        client.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)
