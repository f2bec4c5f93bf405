"""A device has one live token, however its tokens are issued."""

from collections.abc import Callable

import pytest

from shared.accounts import Maker, find_credential, issue_device_token, revoke_device_token
from shared.aws import Table
from shared.errors import Unavailable
from tests.conftest import HeldClock
from tests.kit.cloud import aws_client
from tests.kit.faults import Crash, crash, lose_answer, watched_calls


@pytest.fixture
def accounts(tables: dict[str, Table]) -> Table:
    return tables["AccountsTable"]


def is_live(accounts: Table, token: str) -> bool:
    return find_credential(accounts, token) is not None


def test_newest_token_lives_alone(accounts: Table) -> None:
    tokens = [issue_device_token(accounts, "phone-1") for _ in range(4)]

    assert [is_live(accounts, token) for token in tokens] == [False, False, False, True]


def test_token_before_lives_on_for_the_overlap(accounts: Table, held_clock: HeldClock) -> None:
    old = issue_device_token(accounts, "phone-1")
    new = issue_device_token(accounts, "phone-1", overlap_s=3600)

    held_clock.advance(3599)
    during = [is_live(accounts, token) for token in (old, new)]
    held_clock.advance(2)

    assert during == [True, True]
    assert [is_live(accounts, token) for token in (old, new)] == [False, True]


def test_newest_few_live_on_when_tokens_are_made_in_a_row(accounts: Table) -> None:
    tokens = [issue_device_token(accounts, "phone-1", overlap_s=60) for _ in range(6)]

    assert [is_live(accounts, token) for token in tokens] == [False, False, True, True, True, True]


@pytest.mark.parametrize("end", ["issue", "revoke"])
def test_tokens_that_run_out_end_with_the_rest(accounts: Table, end: str) -> None:
    tokens = [issue_device_token(accounts, "phone-1", overlap_s=60) for _ in range(3)]

    if end == "issue":
        tokens.append(issue_device_token(accounts, "phone-1"))
    else:
        revoke_device_token(accounts, "phone-1")

    assert [is_live(accounts, token) for token in tokens[:3]] == [False] * 3


def test_only_what_a_token_made_ends_with_it_while_older_ones_run_out(accounts: Table) -> None:
    makers = [make_token(accounts, f"tok_{number}") for number in range(3)]
    tokens = [
        issue_device_token(accounts, "phone-1", maker=maker, overlap_s=60) for maker in makers
    ]

    assert revoke_device_token(accounts, "phone-1", made_by=makers[1].token_id)

    assert [is_live(accounts, token) for token in tokens] == [True, False, True]
    assert not revoke_device_token(accounts, "phone-1", made_by=makers[1].token_id)


def make_token(accounts: Table, token_id: str) -> Maker:
    accounts.put({"pk": f"TOKEN_ID#{token_id}", "sk": "TOKEN", "user_id": "root"})
    return Maker(token_id, None)


def test_devices_do_not_touch_each_other(accounts: Table) -> None:
    first = issue_device_token(accounts, "phone-1")
    issue_device_token(accounts, "phone-2")

    assert is_live(accounts, first)


def test_one_token_lives_when_two_are_issued_at_once(accounts: Table) -> None:
    """The other call gets between the reading of the old token and its replacement."""
    old = issue_device_token(accounts, "phone-1")
    others: list[str] = []

    with watched_calls() as calls:
        calls.after[0] = lambda: others.append(issue_device_token(accounts, "phone-1"))
        token = issue_device_token(accounts, "phone-1")

    assert [is_live(accounts, one) for one in (old, *others, token)] == [False, False, True]


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("fault", [crash, lose_answer])
def test_next_token_lives_alone_when_a_call_died(
    accounts: Table, number: int, fault: Callable[[], None]
) -> None:
    old = issue_device_token(accounts, "phone-1")

    with watched_calls() as calls:
        calls.after[number] = fault
        with pytest.raises((Crash, Unavailable)):
            issue_device_token(accounts, "phone-1")
    new = issue_device_token(accounts, "phone-1")

    assert (is_live(accounts, old), is_live(accounts, new)) == (False, True)


def test_no_token_lives_when_revoked(accounts: Table) -> None:
    token = issue_device_token(accounts, "phone-1")

    revoke_device_token(accounts, "phone-1")
    revoke_device_token(accounts, "phone-1")

    assert not is_live(accounts, token)


def test_only_digests_are_stored(accounts: Table) -> None:
    token = issue_device_token(accounts, "phone-1")

    stored = str(aws_client("dynamodb").scan(TableName=accounts.name)["Items"])
    assert token not in stored
    assert token[4:20] not in stored
