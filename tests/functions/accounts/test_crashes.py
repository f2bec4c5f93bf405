"""A creating call that dies between any two AWS calls, and is made again with its key."""

from collections.abc import Callable

import pytest

from shared.accounts import find_credential, list_tokens, list_users
from shared.aws import Table
from tests.conftest import Api, HeldClock
from tests.kit.faults import Crash, crash, lose_answer, watched_calls
from tests.kit.gateway import ApiClient, ApiResponse

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def admin(api: Api) -> ApiClient:
    return api("accounts", user="root", admin=True)


@pytest.fixture
def accounts(tables: dict[str, Table]) -> Table:
    return tables["AccountsTable"]


def create_user(admin: ApiClient) -> ApiResponse | None:
    try:
        return admin.post("/accounts/users", json={"user_id": "ada"}, headers=KEY)
    except Crash:
        return None


LAST = 5
FAULTS = [
    (number, fault, moment)
    for number in range(LAST + 1)
    for fault in (crash, lose_answer)
    for moment in ("before", "after")
    # Who dies after the answer was kept, and before it was sent, has told the secret to nobody:
    # a replay has none to tell. That is the price of never storing it.
    if (number, fault, moment) != (LAST, crash, "after")
]


@pytest.mark.parametrize(("number", "fault", "moment"), FAULTS)
def test_one_user_with_one_working_token_whatever_fails(
    admin: ApiClient,
    accounts: Table,
    held_clock: HeldClock,
    number: int,
    fault: Callable[[], None],
    moment: str,
) -> None:
    with watched_calls() as calls:
        getattr(calls, moment)[number] = fault
        first = create_user(admin)
    held_clock.advance(60)
    again = create_user(admin)

    assert len(calls.names) > number
    assert again is not None
    assert again.status == 201
    answers = [one.json() for one in (first, again) if one is not None and one.status == 201]
    seen = [answer["token"] for answer in answers if "token" in answer]
    (user,) = list_users(accounts, after=None, limit=10)
    (token,) = list_tokens(accounts, "ada", after=None, limit=10)
    assert user.user_id == "ada"
    assert find_credential(accounts, seen[-1]) is not None
    assert seen[-1][-4:] == token.last_four


@pytest.mark.parametrize("number", range(6))
def test_revoked_token_is_dead_whatever_fails(
    admin: ApiClient, accounts: Table, number: int
) -> None:
    secret = admin.post("/accounts/users", json={"user_id": "ada"}).json()["token"]
    (token,) = list_tokens(accounts, "ada", after=None, limit=10)

    with watched_calls() as calls:
        calls.after[number] = lose_answer
        first = admin.delete(f"/accounts/tokens/{token.token_id}")
    again = admin.delete(f"/accounts/tokens/{token.token_id}")

    assert (first.status, again.status) in ((204, 404), (503, 204), (503, 404))
    assert find_credential(accounts, secret) is None
    assert list(list_tokens(accounts, "ada", after=None, limit=10)) == []
