"""Several stacks in one account and region; stacks that fail, go, and come again."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.aws import LocalAws
from local.home import ROOT
from local.retained import TARGET
from tests.kit.local_cloud import LocalCloud
from tests.kit.stacks import Stack

USER = {"kind": "user", "user_id": "ada", "tenant": "ada", "admin": "false", "token_id": "tok_x"}
# Names that are unique within their API or database only.
WITHIN_ANOTHER = {"$default", "live", "runs"}


@pytest.fixture
def second(cloud: LocalCloud) -> Iterator[Stack]:
    """A stack in the same account and region as the local cloud's own, which goes at the end."""
    with removed_at_the_end(cloud, "evalyard-two") as stack:
        assert stack.create() == "CREATE_COMPLETE"
        yield stack


@contextmanager
def removed_at_the_end(cloud: LocalCloud, name: str) -> Iterator[Stack]:
    """A stack by that name, whether it is there or not; at the end it and its data go."""
    stack = Stack(cloud, name)
    try:
        yield stack
    finally:
        if stack.status():
            stack.delete()
        for each in left_behind(stack):
            empty_and_delete(cloud, each)


def left_behind(stack: Stack) -> list[str]:
    """Buckets and tables whose names begin with the stack's."""
    buckets = [one["Name"] for one in stack.cloud.aws("s3").list_buckets()["Buckets"]]
    tables = stack.cloud.aws("dynamodb").list_tables()["TableNames"]
    return [name for name in [*buckets, *tables] if name.startswith(f"{stack.name}-")]


def empty_and_delete(cloud: LocalCloud, name: str) -> None:
    if "Table-" in name:
        cloud.aws("dynamodb").delete_table(TableName=name)
        return
    s3 = cloud.aws("s3")
    found = s3.list_object_versions(Bucket=name)
    for one in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=name)


def rows(stack: Stack) -> dict[str, int]:
    """How many rows each dataset of that user has."""
    answer = stack.invoke("Datasets", sample("datasets/list"))
    return {one["dataset"]: one["rows"] for one in json.loads(answer["body"])["data"]}


def append(stack: Stack) -> None:
    answer = stack.invoke("Datasets", sample("datasets/append_jsonl"))
    assert answer["statusCode"] == 200, answer


def whose(stack: Stack, token: str) -> str | None:
    """Which user's token this is to a stack."""
    event = json.loads((ROOT / "events/authorize_request/unknown_token.json").read_text())
    answer = stack.invoke("AuthorizeRequest", event | {"identitySource": [token]})
    return answer["context"].get("user_id")


def sample(name: str) -> dict[str, Any]:
    """A sample event, as that user's."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    event["requestContext"]["authorizer"] = {"lambda": USER}
    return event


def test_two_stacks_share_nothing_when_they_stand_side_by_side(
    cloud: LocalCloud, second: Stack
) -> None:
    first = Stack(cloud, "evalyard")

    append(second)

    shared = set(first.resources().values()) & set(second.resources().values())
    assert shared <= WITHIN_ANOTHER
    assert (rows(first), rows(second)) == ({}, {"my_server_metrics": 2})
    token = cloud.announced["user_token"]
    assert (whose(first, token), whose(second, token)) == ("demo", None)


def test_data_comes_back_when_a_deleted_stack_is_imported_and_deployed(
    cloud: LocalCloud, second: Stack
) -> None:
    append(second)
    stored = rows(second)

    second.delete()
    import_retained(cloud, second.name)
    imported = second.import_resources(*map(written, ("template", "resources")))
    deployed = second.update()

    assert (imported, deployed) == ("IMPORT_COMPLETE", "UPDATE_COMPLETE")
    assert rows(second) == stored == {"my_server_metrics": 2}


def import_retained(cloud: LocalCloud, stack: str) -> None:
    """`make import-retained`, without building again."""
    subprocess.run(
        [ROOT / ".venv-cloud/bin/python", "-m", "local", "import-retained", stack],
        cwd=ROOT,
        env=cloud.environment() | LocalAws(cloud.announced["aws_endpoint_url"]).environment(),
        check=True,
        capture_output=True,
    )


def written(name: str) -> Any:
    return json.loads((TARGET / f"{name}.json").read_text())


def test_stack_is_made_when_its_first_creation_failed_half_way(cloud: LocalCloud) -> None:
    glue = cloud.aws("glue")
    with removed_at_the_end(cloud, "evalyard-three") as stack:
        # The name of the stack's database is taken when its tables have been made.
        glue.create_database(DatabaseInput={"Name": stack.name})

        failed = stack.create()
        created = stack.created()
        remains = left_behind(stack)
        glue.delete_database(Name=stack.name)
        stack.delete()
        made = stack.create()

        assert failed == "ROLLBACK_COMPLETE"
        assert {"AccountsTable", "CatalogTable", "JobsTable"} <= created
        assert remains == []
        assert made == "CREATE_COMPLETE"
        assert len(left_behind(stack)) == 7
