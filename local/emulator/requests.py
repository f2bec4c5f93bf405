"""Which requests may change what a snapshot holds.

Items, messages and objects do not count, since each is durable by itself; nor do logs, metrics,
temporary credentials, calls of functions and what the broker carries, which are not needed after a
crash.
"""

import re
from typing import Any

# In the `Authorization` header or, with another separator, in a presigned URL.
_SERVICE = re.compile(rb"Credential=[^/%&]+(?:/|%2F)\d+(?:/|%2F)[^/%&]+(?:/|%2F)([^/%&]+)")
_DURABLE_BY_ITSELF = {b"sqs", b"logs", b"monitoring", b"sts", b"execute-api", b"iotdata"}
_READS = (b"Get", b"List", b"Describe", b"Head", b"Batch", b"Query", b"Scan", b"Search", b"Lookup")
_ITEM_ACTIONS = {
    *(b"PutItem", b"DeleteItem", b"UpdateItem", b"TransactWriteItems", b"TransactGetItems"),
    *(b"ExecuteStatement", b"ExecuteTransaction"),
}


def may_change(scope: Any) -> bool:
    """Whether a request, by its method, path and headers, may have changed the stack."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"].startswith("/_"):
        return False
    headers = dict(scope["headers"])
    if (service := _service(scope, headers)) in _DURABLE_BY_ITSELF:
        return False
    if service == b"s3":
        # `/bucket/key` is an object; `/bucket` alone is the bucket and its configuration, but for
        # a POST, which deletes many of its objects.
        return scope["method"] != "POST" and len(scope["path"].strip("/").split("/")) < 2
    if service == b"lambda":
        return not scope["path"].endswith("/invocations")
    action = headers.get(b"x-amz-target", b"").rpartition(b".")[2]
    return not action.startswith(_READS) and action not in _ITEM_ACTIONS


def _service(scope: Any, headers: dict[bytes, bytes]) -> bytes:
    found = _SERVICE.search(headers.get(b"authorization", scope.get("query_string", b"")))
    return found.group(1) if found else b""
