"""The secret that signs callbacks: made once, rotated once a call, the old one valid for a day."""

import pytest

from shared.accounts import rotate_webhook_secret, webhook_secrets
from shared.aws import Table
from shared.errors import Conflict
from tests.conftest import HeldClock
from tests.kit.faults import watched_calls


@pytest.fixture
def accounts(tables: dict[str, Table]) -> Table:
    return tables["AccountsTable"]


def test_one_secret_is_made_when_two_ask_first(accounts: Table) -> None:
    others: list[list[str]] = []

    with watched_calls() as calls:
        calls.before[0] = lambda: others.append(webhook_secrets(accounts, "ada"))
        mine = webhook_secrets(accounts, "ada")

    assert others == [mine]
    assert len(mine) == 1


def test_previous_secret_signs_for_a_day(accounts: Table, held_clock: HeldClock) -> None:
    (old,) = webhook_secrets(accounts, "ada")
    new = rotate_webhook_secret(accounts, "ada", rotation="r1")
    at_first = webhook_secrets(accounts, "ada")
    held_clock.advance(86_399)
    at_last = webhook_secrets(accounts, "ada")
    held_clock.advance(1)

    assert at_first == at_last == [new.secret, old]
    assert webhook_secrets(accounts, "ada") == [new.secret]
    assert new.previous_valid_until_us == held_clock.now_us


def test_nothing_changes_when_the_same_rotation_comes_again(accounts: Table) -> None:
    first = rotate_webhook_secret(accounts, "ada", rotation="r1")

    assert rotate_webhook_secret(accounts, "ada", rotation="r1") == first


@pytest.mark.parametrize("is_there", [True, False])
def test_conflict_when_another_rotation_gets_between(accounts: Table, is_there: bool) -> None:
    def rotate(rotation: str) -> None:
        rotate_webhook_secret(accounts, "ada", rotation=rotation)

    if is_there:
        webhook_secrets(accounts, "ada")
    with watched_calls() as calls:
        # A secret is read, and made if there was none.
        calls.after[0 if is_there else 1] = lambda: rotate("other")
        with pytest.raises(Conflict):
            rotate("mine")
