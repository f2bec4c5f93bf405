"""`make restore`: puts a stack's users back to an earlier moment, by the product's own command.

Finds tables and bucket by the stack's resources; the command is `python -m shared.recovery`
(docs/runbook.md), which runs with whatever AWS credentials the shell has.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.errors import LocalCloudError
from local.home import ROOT

_TABLES = {"catalog": "CatalogTable", "jobs": "JobsTable", "accounts": "AccountsTable"}


@dataclass(frozen=True)
class Restore:
    """The restore of one stack: its resources by logical ids, and its RecoveryDays."""

    physical_ids: Mapping[str, str]
    recovery_days: int

    def command(self, at: str, users: Sequence[str], *more: str) -> list[str]:
        """The command that looks; with `--apply` it restores."""
        tables = [
            word
            for option, logical_id in _TABLES.items()
            for word in (f"--{option}", self.physical_ids[logical_id])
        ]
        return [
            *(str(ROOT / ".venv" / "bin" / "python"), "-m", "shared.recovery"),
            *("--bucket", self.physical_ids["DataBucket"], *tables, "--at", at),
            *("--recovery-days", str(self.recovery_days)),
            *(word for user in users for word in ("--user", user)),
            *more,
        ]


def restore(stack: str, at: str, users: str, apply: str) -> None:
    """Look at a stack on AWS, or restore it. Raises LocalCloudError when not all could be."""
    found = _of_stack(stack)
    more = ["--apply"] if apply else []
    command = found.command(at, users.split(), *more)
    if subprocess.run(command, cwd=ROOT, env=dict(os.environ), check=False).returncode != 0:
        raise LocalCloudError("not everything could be restored; the lines above say why")


def _of_stack(stack: str) -> Restore:
    try:
        client = boto3.client("cloudformation")
        described = client.describe_stacks(StackName=stack)["Stacks"][0]
        pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
        rows = [row for page in pages for row in page["StackResourceSummaries"]]
    except (BotoCoreError, ClientError) as exc:
        raise LocalCloudError(f"stack {stack}: {exc}") from exc
    given = {row["ParameterKey"]: row["ParameterValue"] for row in described.get("Parameters", [])}
    ids = {row["LogicalResourceId"]: row.get("PhysicalResourceId", "") for row in rows}
    return Restore(ids, int(given.get("RecoveryDays", "7")))
