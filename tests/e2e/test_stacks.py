"""Two stacks in one account and region."""

from collections.abc import Iterator

import pytest

from tests.kit.local_cloud import LocalCloud
from tests.kit.stacks import Stack

# Names that are unique within their API or database only.
WITHIN_ANOTHER = {"$default", "runs"}


@pytest.fixture
def second(cloud: LocalCloud) -> Iterator[Stack]:
    """A stack in the same account and region as the local cloud's own, which goes at the end."""
    stack = Stack(cloud, "evalyard-two")
    assert stack.create() == "CREATE_COMPLETE"
    yield stack
    if stack.status():
        stack.delete()
    for name in left_behind(cloud, stack.name):
        empty_and_delete(cloud, name)


def left_behind(cloud: LocalCloud, stack: str) -> list[str]:
    """Buckets and tables whose names begin with the stack's."""
    buckets = [one["Name"] for one in cloud.aws("s3").list_buckets()["Buckets"]]
    tables = cloud.aws("dynamodb").list_tables()["TableNames"]
    return [name for name in [*buckets, *tables] if name.startswith(f"{stack}-")]


def empty_and_delete(cloud: LocalCloud, name: str) -> None:
    if name.endswith("Table") or "Table-" in name:
        cloud.aws("dynamodb").delete_table(TableName=name)
        return
    s3 = cloud.aws("s3")
    found = s3.list_object_versions(Bucket=name)
    for one in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=name)


def test_two_stacks_are_made_and_share_nothing(cloud: LocalCloud, second: Stack) -> None:
    first = Stack(cloud, "evalyard")

    shared = set(first.resources().values()) & set(second.resources().values())

    assert shared <= WITHIN_ANOTHER
