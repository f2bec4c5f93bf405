"""The source template and what a deployment onto this machine makes of it."""

import sys
from pathlib import Path

import pytest

from local.aws import LocalAws
from local.deploy import parameters
from local.home import ROOT
from local.settings import read_settings
from local.table_ttl import apply_ttl
from local.template import declared_parameters


def test_parameters_are_read_when_the_template_has_short_forms(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Parameters: {One: {Type: String}}\nResources: {A: !Sub '${B}', C: [!Ref D]}")

    assert declared_parameters(path) == {"One"}


def test_deployment_sets_what_this_machine_needs_and_nothing_undeclared() -> None:
    settings = read_settings({"EVALYARD_CALLBACK_ALLOW_PRIVATE": "1"})

    wanted = parameters(settings, LocalAws("http://127.0.0.1:4566"))

    assert wanted["PythonRuntime"] == f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert wanted["RequireTls"] == wanted["LifecycleRuns"] == "false"
    assert wanted["CallbackAllowPrivate"] == "true"
    assert set(wanted) <= declared_parameters(ROOT / "template.yaml")


@pytest.mark.parametrize("times", [1, 2])
def test_tables_expire_items_when_the_template_says_so(aws: LocalAws, times: int) -> None:
    name = f"expiring-{times}"
    key = {"AttributeName": "pk"}
    client = aws.client("dynamodb")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[key | {"KeyType": "HASH"}],
        AttributeDefinitions=[key | {"AttributeType": "S"}],
    )
    wanted = {"AttributeName": "expires_at", "Enabled": True}
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {"TimeToLiveSpecification": wanted},
    }

    for _ in range(times):
        apply_ttl(aws, {"Resources": {"Table": table}}, {"Table": name})

    described = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert described["TimeToLiveStatus"] == "ENABLED"
    assert described["AttributeName"] == "expires_at"
