"""The list of places holds what the template lets functions write, and the role reaches them."""

from typing import Any

import pytest

from functions.erase_accounts import wiring
from shared.storage.log.object_keys import (
    QUARANTINE_PREFIX,
    dataset_object_key,
    part_key,
    rollup_key,
)
from shared.traces import Items, Objects, Uploads
from shared.usage.export import PREFIX as EXPORTS_PREFIX
from tools.template import read_template

# The gateway keeps what the authorizer said no longer than this.
AUTHORIZER_S = 60
LOG_ADDRESS_S = 900


def statements() -> list[tuple[str, dict[str, Any]]]:
    roles = read_template().of_type("AWS::IAM::Role")
    return [
        (name, statement)
        for name, role in roles.items()
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def prefixes(resource: Any) -> set[str]:
    listed = resource if isinstance(resource, list) else [resource]
    texts = [one["Fn::Sub"] for one in listed if isinstance(one, dict) and "Fn::Sub" in one]
    begin = "${DataBucket.Arn}/"
    return {text.removeprefix(begin) for text in texts if text.startswith(begin)}


def granted(action: str, role: str | None = None) -> set[str]:
    return {
        prefix
        for name, statement in statements()
        if action in statement["Action"] and role in (None, name)
        for prefix in prefixes(statement["Resource"])
    }


@pytest.fixture
def covered(settings_env: dict[str, str]) -> set[str]:
    return {place.prefix for place in wiring.places() if isinstance(place, Objects)}


def test_every_prefix_that_a_function_may_write_is_a_place(covered: set[str]) -> None:
    written = granted("s3:PutObject")

    roots = {one.partition("{}")[0].removesuffix("user=") + "*" for one in covered}
    assert len(written) >= 7
    assert written - roots == set()


def test_the_role_may_remove_from_every_place_and_from_nowhere_else(covered: set[str]) -> None:
    roots = {one.partition("{}")[0].removesuffix("user=") + "*" for one in covered}

    assert granted("s3:DeleteObjectVersion", "EraseAccountsRole") == roots
    (listing,) = (
        statement["Condition"]["StringLike"]["s3:prefix"]
        for name, statement in statements()
        if name == "EraseAccountsRole" and statement["Sid"] == "ListByPrefix"
    )
    assert set(listing) == roots


def test_every_table_is_looked_through(settings_env: dict[str, str]) -> None:
    places = (*wiring.places(), *wiring.remains())
    tables = {name for name in settings_env if name.endswith("_TABLE")}

    looked_through = {place.table.name for place in places if hasattr(place, "table")}

    assert len(tables) == len(read_template().of_type("AWS::DynamoDB::Table"))
    assert looked_through == {settings_env[name] for name in tables}


def test_every_key_that_is_written_is_in_a_place(covered: set[str]) -> None:
    places = tuple(place.format("ada") for place in covered)

    written = [
        part_key("ada", "2026-11-28", 1),
        rollup_key("ada", "date=2026-11-28", 1),
        dataset_object_key("ada", "d", 1),
        f"{QUARANTINE_PREFIX}ada/x",
        f"{EXPORTS_PREFIX}ada/x",
    ]

    assert [key for key in written if not key.startswith(places)] == []


def test_unfinished_uploads_are_looked_for_wherever_uploads_are_made(
    settings_env: dict[str, str],
) -> None:
    looked = {
        place.prefix.partition("{}")[0] + "*"
        for place in wiring.places()
        if isinstance(place, Uploads)
    }
    others = {
        prefix
        for name, statement in statements()
        if "s3:AbortMultipartUpload" in statement["Action"] and name != "EraseAccountsRole"
        for prefix in prefixes(statement["Resource"])
    }

    assert looked == others


def test_no_partition_begins_like_anothers(settings_env: dict[str, str]) -> None:
    """A partition key is whole: `USER#ada` never reaches `USER#ada-2`."""
    partitions = [place.partition for place in wiring.places() if isinstance(place, Items)]

    assert partitions
    assert all(one.endswith("#{}") for one in partitions)
    assert all(
        place.prefix.endswith("{}/") for place in wiring.places() if isinstance(place, Objects)
    )


def test_grace_is_longer_than_anything_may_still_write() -> None:
    template = read_template()
    longest_s = max(body["Properties"]["Timeout"] for body in template.functions().values())
    parameter = template.document["Parameters"]["ErasureGraceSeconds"]

    assert parameter["MinValue"] > longest_s + AUTHORIZER_S
    assert parameter["Default"] > LOG_ADDRESS_S + longest_s + AUTHORIZER_S
