"""What every role of the stack may do, those that SAM writes included."""

from typing import Any

from tests.template.conftest import Transformed

# Roles that no function runs under.
OTHERS = {"DeviceRole"}


def roles(transformed: Transformed) -> dict[str, dict[str, Any]]:
    found = transformed.of_type("AWS::IAM::Role")
    return {name: body["Properties"] for name, body in found.items()}


def test_no_managed_policy_in_any_role(transformed: Transformed) -> None:
    """AWS's managed policies name the resource `*`, and SAM adds them to the roles it makes."""
    managed = {name: role.get("ManagedPolicyArns", []) for name, role in roles(transformed).items()}

    assert {name: arns for name, arns in managed.items() if arns} == {}


def test_no_role_reaches_everything(transformed: Transformed) -> None:
    for name, role in roles(transformed).items():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                granted, reached = listed(statement["Action"]), listed(statement["Resource"])
                assert not [action for action in granted if "*" in action], name
                assert "*" not in reached, name


def test_each_function_has_a_role_of_its_own(transformed: Transformed) -> None:
    used = [
        body["Properties"]["Role"]["Fn::GetAtt"][0] for body in transformed.functions().values()
    ]
    scheduled = {name for name in roles(transformed) if "Schedule" in name}

    assert len(used) == len(set(used))
    assert set(roles(transformed)) - scheduled - OTHERS == set(used)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
