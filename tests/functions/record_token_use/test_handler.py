"""When a token was last used: done, retried, dropped; twice and out of order."""

import json
from typing import Any

import pytest

from functions.record_token_use.handler import lambda_handler
from shared import ids
from shared.accounts import TokenRequest, find_token, issue_token, revoke_token
from shared.aws import Table
from tests.kit.cloud import aws_client
from tests.kit.gateway import LambdaContext

USED_US = 1_767_225_600_000_000


@pytest.fixture
def accounts(settings_env: dict[str, str], tables: dict[str, Table]) -> Table:
    return tables["AccountsTable"]


@pytest.fixture
def digest(accounts: Table) -> str:
    issued = issue_token(accounts, TokenRequest("tok_1", "ada", "lab", False))
    return ids.token_digest(issued.secret)


def deliver(*bodies: object) -> Any:
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    records = [{"messageId": f"m{place}", "body": text} for place, text in enumerate(texts)]
    return lambda_handler({"Records": records}, LambdaContext())


def use(digest: str, at_us: int = USED_US) -> dict[str, Any]:
    return {"digest": digest, "at_us": at_us}


def test_use_is_shown_in_the_list_and_to_the_authorizer(accounts: Table, digest: str) -> None:
    answer = deliver(use(digest))

    item = accounts.get(f"TOKEN#{digest}", "TOKEN")
    assert answer == {"batchItemFailures": []}
    assert find_token(accounts, "ada", "tok_1").last_used_us == USED_US
    assert item is not None
    assert item["last_used_us"] == USED_US


def test_nothing_changes_when_use_is_delivered_twice(accounts: Table, digest: str) -> None:
    deliver(use(digest))

    assert deliver(use(digest), use(digest)) == {"batchItemFailures": []}
    assert find_token(accounts, "ada", "tok_1").last_used_us == USED_US


def test_later_use_stays_when_an_older_one_comes_after_it(accounts: Table, digest: str) -> None:
    deliver(use(digest, USED_US + 5))

    deliver(use(digest, USED_US))

    assert find_token(accounts, "ada", "tok_1").last_used_us == USED_US + 5


def test_revoked_token_stays_dead_when_its_use_comes_late(accounts: Table, digest: str) -> None:
    revoke_token(accounts, "tok_1", owner="ada")

    assert deliver(use(digest)) == {"batchItemFailures": []}
    assert accounts.get(f"TOKEN#{digest}", "TOKEN") is None


@pytest.mark.parametrize("body", ["", "no json", "[]", '{"digest": 1}', '{"digest": "x"}'])
def test_message_is_dropped_with_a_metric_when_unreadable(
    accounts: Table, digest: str, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = deliver(body, use(digest))

    assert answer == {"batchItemFailures": []}
    assert "UnreadableTokenUses" in capsys.readouterr().out
    assert find_token(accounts, "ada", "tok_1").last_used_us == USED_US


def test_messages_come_again_when_the_table_does_not_answer(accounts: Table, digest: str) -> None:
    aws_client("dynamodb").delete_table(TableName=accounts.name)

    answer = deliver(use(digest), "no json")

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
