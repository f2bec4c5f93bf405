"""Who carries a call out when several come with one key."""

import msgspec
import pytest

from shared.aws import Item, Table
from shared.errors import Conflict
from shared.idempotency import KEPT_S, IdempotencyStore
from tests.conftest import HeldClock


class Late(Table, frozen=True):
    """A table of which a caller saw a record before another changed it."""

    seen: Item = msgspec.field(default_factory=dict)

    def get(self, pk: str, sk: str) -> Item | None:
        return self.seen


def test_one_goes_on_when_two_find_a_record_whose_day_is_over(
    tables: dict[str, Table], held_clock: HeldClock
) -> None:
    name = tables["IdempotencyTable"].name
    old = IdempotencyStore(Table(name)).begin("CALL#a", "f", "ada")
    held_clock.advance(KEPT_S)

    first = IdempotencyStore(Late(name, seen=old)).begin("CALL#a", "g", "ada")
    with pytest.raises(Conflict):
        IdempotencyStore(Late(name, seen=old)).begin("CALL#a", "g", "ada")

    assert (first["state"], first["fingerprint"]) == ("begun", "g")
    assert first["started_us"] == held_clock.now_us


def test_call_is_locked_for_as_long_as_it_says(
    tables: dict[str, Table], held_clock: HeldClock
) -> None:
    store = IdempotencyStore(tables["IdempotencyTable"])
    store.begin("CALL#a", "f", lock_s=900)
    held_clock.advance(899)

    with pytest.raises(Conflict):
        store.begin("CALL#a", "f", lock_s=900)
    held_clock.advance(1)
    again = store.begin("CALL#a", "f", lock_s=900)

    assert again["lock_until_s"] == held_clock.now_us // 10**6 + 900
