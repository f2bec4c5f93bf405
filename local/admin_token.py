"""The first admin of a stack on AWS: finds its table by the stack's outputs, runs the bootstrap."""

import subprocess

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.errors import LocalCloudError
from local.home import ROOT
from local.seed import ADMIN


def print_admin_token(stack: str) -> None:
    """Prints what the bootstrap prints; uses whatever AWS credentials the shell has."""
    subprocess.run(
        [
            *(str(ROOT / ".venv" / "bin" / "python"), "-m", "shared.accounts.bootstrap"),
            *("--table", _accounts_table(stack), "--user-id", ADMIN),
        ],
        cwd=ROOT,
        check=True,
    )


def _accounts_table(stack: str) -> str:
    try:
        described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as exc:
        raise LocalCloudError(f"stack {stack}: {exc}") from exc
    for row in described.get("Outputs", []):
        if row["OutputKey"] == "AccountsTableName":
            return str(row["OutputValue"])
    raise LocalCloudError(f"stack {stack} has no output AccountsTableName")
