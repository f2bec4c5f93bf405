"""The roles grant what erasing and revoking ask of AWS, and erasing no more than it uses."""

from tests.functions.erase_accounts.conftest import GRACE_S, Town
from tests.kit.faults import watched_calls
from tests.kit.rights import Needs, refused
from tools.template import Template

# Of a table, or a prefix, that every erasure goes through.
ROLE = "EraseAccountsRole"


def test_erasing_is_granted_everything_and_little_else(town: Town, template: Template) -> None:
    town.erase()
    needs = Needs()

    with watched_calls(needs):
        town.sweep(60)
        town.sweep(60)
        town.sweep(GRACE_S)
        town.sweep()

    assert town.status()["status"] == "erased"
    assert refused(template, ROLE, needs.found) == set()
    assert granted_actions(template) - {need.action for need in needs.found} == {
        # Logs and the failed-events queue are Lambda's own business.
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
        # Asked of every bulk delete by the local AWS alone.
        "s3:DeleteObject",
    }


def test_a_right_that_is_missing_is_found_out(town: Town, template: Template) -> None:
    town.erase()
    needs = Needs()

    with watched_calls(needs):
        town.sweep(100)

    assert {need.action for need in refused(template, "HealthRole", needs.found)} >= {
        "s3:DeleteObjectVersion",
        "s3:ListBucketVersions",
        "dynamodb:BatchWriteItem",
    }


def test_calls_of_accounts_are_granted(town: Town, template: Template) -> None:
    needs = Needs()

    with watched_calls(needs):
        parent = town.root.post("/accounts/tokens", json={"kind": "user"}).json()["token_id"]
        made = town.root.post(
            "/accounts/users", json={"user_id": "bob"}, headers={"Idempotency-Key": "k"}
        )
        town.api("accounts", user="root", admin=True, token_id=parent).post(
            "/accounts/tokens", json={"kind": "user"}
        )
        gone = town.root.delete(f"/accounts/tokens/{parent}", params={"children": "1"})
        town.api("accounts", user="bob").post("/accounts/webhook_secret/rotate")
        listed = town.root.get("/accounts/audit")
        erased = town.erase()
        town.status()

    answers = (made.status, gone.status, listed.status, erased.status)
    assert answers == (201, 204, 200, 202)
    assert refused(template, "AccountsRole", needs.found) == set()


def test_registering_and_retiring_devices_is_granted(town: Town, template: Template) -> None:
    fleet = town.api("devices", user="root", admin=True)
    needs = Needs()

    with watched_calls(needs):
        made = fleet.post("/devices/register", json={"serial": "p-1", "owner": "eve"})
        fleet.post("/devices/register", json={"serial": "p-1"})
        fleet.post("/devices/reload", json={"serial": "p-1", "maintenance": True})
        gone = fleet.delete("/devices/p-1")

    assert (made.status, gone.status) == (201, 204)
    assert refused(template, "DevicesRole", needs.found) == set()


def granted_actions(template: Template) -> set[str]:
    return {
        action
        for policy in template.of_type("AWS::IAM::Role")[ROLE]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }
