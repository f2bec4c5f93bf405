"""How many runs one user may import on a day."""

from collections.abc import Callable

import pytest

from tests.conftest import HeldClock
from tests.kit.gateway import ApiClient, ApiResponse


@pytest.fixture
def ask(
    api: Callable[..., ApiClient], held_clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ApiResponse]:
    """Imports so many runs, where five a day are allowed."""
    monkeypatch.setenv("MAX_IMPORTED_RUNS_A_DAY", "5")

    def import_(count: int, user: str = "ada", query: str = "") -> ApiResponse:
        rows = [{"run_id": f"{user}-{count}-{n}", "latency_ms": 1.0} for n in range(count)]
        return api("usage", user=user).post(f"/usage/import{query}", json=rows)

    return import_


def test_import_is_refused_when_the_day_is_full(ask: Callable[..., ApiResponse]) -> None:
    assert ask(4).status == 200

    refused = ask(2)

    assert (refused.status, refused.code) == (429, "daily_runs_exceeded")
    assert refused.headers["retry-after"] == "86401"
    assert ask(1).status == 200


def test_next_day_begins_anew(ask: Callable[..., ApiResponse], held_clock: HeldClock) -> None:
    assert ask(5).status == 200
    held_clock.advance(86_400)

    assert ask(4).status == 200


def test_import_larger_than_a_day_is_refused(ask: Callable[..., ApiResponse]) -> None:
    assert ask(6).code == "daily_runs_exceeded"


def test_duplicates_and_dry_runs_are_not_counted(ask: Callable[..., ApiResponse]) -> None:
    assert ask(5).json()["imported"] == 5

    assert ask(5).json()["duplicates"] == 5
    assert ask(4, query="?dry_run=1").status == 200


def test_another_user_has_a_day_of_their_own(ask: Callable[..., ApiResponse]) -> None:
    ask(5)

    assert ask(5, user="bob").status == 200
