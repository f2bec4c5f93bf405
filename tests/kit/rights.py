"""What IAM would ask of a role for the AWS calls that code makes, and whether its policy grants it.

Knows the operations that accounts use on DynamoDB, S3 and SQS; another one fails, so that
nothing passes unseen. https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.kit.faults import Calls, Request
from tools.template import ACCOUNT, REGION, Template

_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_ON_TABLES = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"}
_ON_BUCKETS = {
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}


@dataclass(frozen=True)
class Need:
    """One right that one call asks for; `prefix` where a listing names one."""

    action: str
    resource: str
    prefix: str = ""


@dataclass
class Needs(Calls):
    """Calls that remember which rights they need."""

    found: set[Need] = field(default_factory=set)

    def made(self, request: Request, call: Any) -> Any:
        """Carry the call out, and note what it asks for."""
        self.found |= set(_needs(request))
        return super().made(request, call)


def refused(template: Template, role: str, needs: set[Need]) -> set[Need]:
    """What a role of the template does not grant."""
    statements = [
        template.resolve(statement)
        for policy in template.of_type("AWS::IAM::Role")[role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    return {need for need in needs if not any(_grants(one, need) for one in statements)}


def _grants(statement: dict[str, Any], need: Need) -> bool:
    resources = statement["Resource"]
    listed = resources if isinstance(resources, list) else [resources]
    patterns = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", ["*"])
    return (
        need.action in statement["Action"]
        and any(fnmatchcase(need.resource, resource) for resource in listed)
        and any(fnmatchcase(need.prefix, pattern) for pattern in patterns)
    )


def _needs(request: Request) -> Iterator[Need]:
    if request.service == "dynamodb":
        yield from _of_dynamodb(request.operation, request.params)
    elif request.service == "s3":
        yield from _of_s3(request.operation, request.params)
    else:
        assert request.service == "sqs", f"{request.service} is not known here"
        queue = request.params.get("QueueName") or request.params["QueueUrl"].rpartition("/")[2]
        yield Need(f"sqs:{request.operation}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")


def _of_dynamodb(operation: str, params: dict[str, Any]) -> Iterator[Need]:
    if operation == "TransactWriteItems":
        for action in params["TransactItems"]:
            ((kind, body),) = action.items()
            yield Need(f"dynamodb:{_TRANSACTED[kind]}", _table(body["TableName"]))
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for name in params["RequestItems"]:
            yield Need(f"dynamodb:{operation}", _table(name))
    else:
        assert operation in _ON_TABLES, f"{operation} is not known here"
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield Need(f"dynamodb:{operation}", _table(params["TableName"]) + index)


def _of_s3(operation: str, params: dict[str, Any]) -> Iterator[Need]:
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    if operation == "DeleteObjects":
        for one in params["Delete"]["Objects"]:
            action = "DeleteObjectVersion" if "VersionId" in one else "DeleteObject"
            yield Need(f"s3:{action}", f"{bucket}/{one['Key']}")
    elif operation in _ON_BUCKETS:
        yield Need(f"s3:{_ON_BUCKETS[operation]}", bucket, params.get("Prefix", ""))
    else:
        assert operation == "AbortMultipartUpload", f"{operation} is not known here"
        yield Need(f"s3:{operation}", f"{bucket}/{params['Key']}")


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
