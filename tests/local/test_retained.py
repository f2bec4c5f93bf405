"""What a deleted stack left, made ready to be imported."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local import retained
from local.errors import LocalCloudError
from local.retained import Retained, find_retained, import_template
from tools.transformed import read_source

TABLES = (
    *("AccountsTable", "CatalogTable", "DevicesTable"),
    *("GatewayTable", "IdempotencyTable", "JobsTable"),
)
SOURCE = read_source()


def session_with(*tables: str) -> Any:
    """A session of an account that has these tables."""
    listing = SimpleNamespace(paginate=lambda: [{"TableNames": list(tables)}])
    clients = {
        "dynamodb": SimpleNamespace(get_paginator=lambda _: listing),
        "sts": SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012"}),
    }
    return SimpleNamespace(client=clients.__getitem__, region_name="eu-west-1")


def test_everything_that_is_kept_is_found_by_the_stacks_name() -> None:
    names = [f"evalyard-{table}-1A2B3C" for table in TABLES]

    found = find_retained(SOURCE, "evalyard", session_with("evalyard-two-JobsTable-9", *names))

    bucket = Retained("DataBucket", "AWS::S3::Bucket", "evalyard-data-123456789012-eu-west-1")
    assert bucket in found
    assert sorted(one.name for one in found if one != bucket) == names
    assert bucket.to_import() == {
        "ResourceType": "AWS::S3::Bucket",
        "LogicalResourceId": "DataBucket",
        "ResourceIdentifier": {"BucketName": "evalyard-data-123456789012-eu-west-1"},
    }


def test_it_is_refused_when_a_table_is_there_twice() -> None:
    others = [f"evalyard-{table}-1A2B3C" for table in TABLES]

    with pytest.raises(LocalCloudError, match="evalyard-JobsTable-"):
        find_retained(SOURCE, "evalyard", session_with(*others, "evalyard-JobsTable-B"))


def test_it_is_refused_when_no_table_of_the_stack_is_there() -> None:
    with pytest.raises(LocalCloudError, match="no table evalyard-"):
        find_retained(SOURCE, "evalyard", session_with("other-JobsTable-1"))


def test_what_an_older_stack_did_not_have_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"evalyard-{table}-1A2B3C" for table in TABLES if table != "GatewayTable"]
    built = tmp_path / "template.yaml"
    built.write_text(json.dumps(SOURCE), encoding="utf-8")
    monkeypatch.setattr(retained, "BUILD", tmp_path)
    monkeypatch.setattr(retained, "TARGET", tmp_path / "import")
    monkeypatch.setattr(retained.boto3, "Session", lambda: session_with(*names))

    retained.print_import("evalyard")

    template = json.loads((tmp_path / "import" / "template.json").read_text())
    resources = json.loads((tmp_path / "import" / "resources.json").read_text())
    assert set(template["Resources"]) == {*TABLES, "DataBucket"} - {"GatewayTable"}
    assert {each["LogicalResourceId"] for each in resources} == set(template["Resources"])
    assert "# GatewayTable is not there" in capsys.readouterr().out


def test_template_to_import_refers_to_nothing_that_it_lacks() -> None:
    template = import_template(SOURCE, (*TABLES, "DataBucket"))

    resources = template["Resources"]
    absent = set(SOURCE["Resources"]) - set(resources)
    named = set(re.findall(r"\w+", str(resources)))
    assert set(resources) == {*TABLES, "DataBucket"}
    assert named & absent == set()
    assert all("DependsOn" not in one for one in resources.values())


def test_imported_resources_are_as_the_deployment_wants_them() -> None:
    """Another property that cannot be changed would replace a table by an empty one."""
    for name, resource in import_template(SOURCE, (*TABLES, "DataBucket"))["Resources"].items():
        wanted = SOURCE["Resources"][name]["Properties"]
        assert resource["Properties"].items() <= wanted.items()
        left_out = set(wanted) - set(resource["Properties"])
        assert left_out <= {"NotificationConfiguration", "LoggingConfiguration"}
