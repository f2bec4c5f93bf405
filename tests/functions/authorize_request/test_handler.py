"""Who the authorizer says is calling, and what it tells of a token's use."""

import json
from typing import Any

import pytest

from functions.authorize_request.handler import Settings, lambda_handler
from shared.accounts import (
    TokenKind,
    TokenRequest,
    TokenUse,
    issue_device_token,
    issue_token,
    record_token_use,
    revoke_token,
)
from shared.aws import Queue, Table
from shared.config import read_settings
from tests.conftest import HeldClock
from tests.kit.cloud import aws_client
from tests.kit.gateway import LambdaContext

NOBODY = {"isAuthorized": True, "context": {}}


@pytest.fixture
def accounts(settings_env: dict[str, str], tables: dict[str, Table]) -> Table:
    return tables["AccountsTable"]


@pytest.fixture
def uses(queues: dict[str, Queue]) -> Queue:
    return queues["TokenUsesQueue"]


def authorize(token: str) -> Any:
    event = {"version": "2.0", "type": "REQUEST", "identitySource": [token]}
    return lambda_handler(event, LambdaContext())


def issue(accounts: Table, kind: TokenKind = "user", expires_us: int | None = None) -> str:
    request = TokenRequest("tok_1", "ada", "lab", True, kind=kind, expires_us=expires_us)
    return issue_token(accounts, request).secret


def told(queue: Queue) -> list[Any]:
    messages = aws_client("sqs").receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in messages.get("Messages", [])]


def test_user_is_named_in_strings_when_token_is_live(accounts: Table) -> None:
    token = issue(accounts)

    answer = authorize(token)

    assert answer == {
        "isAuthorized": True,
        "context": {
            "kind": "user",
            "user_id": "ada",
            "tenant": "lab",
            "admin": "true",
            "token_id": "tok_1",
            "scope": "full",
        },
    }


def test_kind_is_api_key_when_token_is_an_api_key(accounts: Table) -> None:
    assert authorize(issue(accounts, "api_key"))["context"]["kind"] == "api_key"


def test_device_is_named_by_serial_when_token_is_a_devices(accounts: Table) -> None:
    token = issue_device_token(accounts, "phone-1")

    assert authorize(token)["context"] == {"kind": "device", "serial": "phone-1"}


@pytest.mark.parametrize("token", ["", "eyt_unknown", "TOKEN", "🔑" * 100])
def test_nobody_is_named_when_token_is_unknown(accounts: Table, token: str) -> None:
    assert authorize(token) == NOBODY


def test_nobody_is_named_when_no_identity_source_came(accounts: Table) -> None:
    assert lambda_handler({"version": "2.0", "type": "REQUEST"}, LambdaContext()) == NOBODY


def test_nobody_is_named_when_token_is_revoked(accounts: Table) -> None:
    token = issue(accounts)
    revoke_token(accounts, "tok_1", owner="ada")

    assert authorize(token) == NOBODY


def test_nobody_is_named_from_the_instant_of_expiry(accounts: Table, held_clock: HeldClock) -> None:
    token = issue(accounts, expires_us=held_clock.now_us + 1)
    alive = authorize(token)
    held_clock.now_us += 1

    assert alive != NOBODY
    assert authorize(token) == NOBODY


def test_old_device_token_is_nobody_when_new_one_is_issued(accounts: Table) -> None:
    old = issue_device_token(accounts, "phone-1")
    new = issue_device_token(accounts, "phone-1")

    assert authorize(old) == NOBODY
    assert authorize(new)["context"]["serial"] == "phone-1"


def test_use_is_told_once_an_hour(accounts: Table, uses: Queue, held_clock: HeldClock) -> None:
    token = issue(accounts)
    authorize(token)
    (use,) = told(uses)
    record_token_use(accounts, TokenUse(**use))

    held_clock.advance(3_599)
    authorize(token)
    within_the_hour = told(uses)
    held_clock.advance(1)
    authorize(token)

    assert use["at_us"] == held_clock.now_us - 3_600_000_000
    assert within_the_hour == []
    assert len(told(uses)) == 1


def test_no_use_is_told_when_caller_is_a_device(accounts: Table, uses: Queue) -> None:
    authorize(issue_device_token(accounts, "phone-1"))

    assert told(uses) == []


def test_caller_is_known_when_the_queue_is_gone(accounts: Table, uses: Queue) -> None:
    token = issue(accounts)
    aws_client("sqs").delete_queue(QueueUrl=uses.url)

    assert authorize(token)["context"]["user_id"] == "ada"


def test_nothing_but_get_item_is_asked_of_the_table(accounts: Table) -> None:
    token = issue(accounts)
    before = accounts.get("USER#ada", "TOKEN#tok_1")

    authorize(token)

    assert accounts.get("USER#ada", "TOKEN#tok_1") == before
    assert read_settings(Settings).accounts_table == accounts.name
