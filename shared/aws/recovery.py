"""Point-in-time recovery of DynamoDB tables: a table as it was, under another name."""

from datetime import UTC, datetime

from botocore.exceptions import ClientError

from shared.aws.clients import client
from shared.aws.errors import aws_errors
from shared.aws.table import Table


def begin_recovery(source: str, target: str, moment_s: float) -> None:
    """Have `target` made as `source` was at a moment, in whole seconds; nothing when it is there
    already. It serves when `is_there` says so: minutes later, more for large tables.
    """
    if _status(target):
        return
    with aws_errors():
        client("dynamodb").restore_table_to_point_in_time(
            SourceTableName=source,
            TargetTableName=target,
            RestoreDateTime=datetime.fromtimestamp(int(moment_s), UTC),
        )


def is_there(table: Table) -> bool:
    """Whether a table is made entirely."""
    return _status(table.name) in ("ACTIVE", "UPDATING")


def _status(name: str) -> str:
    with aws_errors():
        try:
            answer = client("dynamodb").describe_table(TableName=name)
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return ""
            raise
    return str(answer["Table"]["TableStatus"])
