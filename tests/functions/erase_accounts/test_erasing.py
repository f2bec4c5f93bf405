"""An account goes with everything that it left, and nothing of anybody else does."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from functions.erase_accounts import wiring
from shared.accounts import (
    Audit,
    LastAdmin,
    User,
    account_status,
    begin_erasure,
    create_user,
    find_credential,
    list_tokens,
)
from shared.errors import Unavailable
from tests.conftest import Api
from tests.functions.erase_accounts.conftest import GRACE_S, PREFIXES, Town
from tests.kit.faults import Calls, Crash, Request, crash, lose_answer, watched_calls


def test_nothing_is_left_and_others_are_untouched_when_an_account_is_erased(town: Town) -> None:
    others = town.of_others("adalove")
    assert len(town.traces("adalove")) > 35

    answer = town.erase()
    town.sweep_until_erased()

    assert answer.status == 202
    assert answer.json()["status"] == "erasing"
    assert town.traces("adalove") == {}
    assert town.of_others("adalove") == others
    assert town.status() == {"user_id": "adalove", "status": "erased", "left": {}}
    assert town.status("eve")["status"] == "active"


def test_account_of_a_name_that_begins_alike_is_untouched(town: Town) -> None:
    for name in ("adalove-2", "adalov", "adalovelace"):
        town.settle(name)
    before = town.world()
    theirs = [p for p, c in before.items() if "adalove-2" in p + c or "adalovelace" in p + c]
    theirs = [place for place in theirs if "POOL#" not in place]

    town.erase()
    town.sweep_until_erased()

    after = town.world()
    assert len(theirs) > 70
    assert [after.get(place) for place in theirs] == [before[place] for place in theirs]
    assert town.status("adalov")["status"] == "active"


def test_tokens_are_dead_with_the_answer(town: Town) -> None:
    token = town.settle("bob")
    device = town.accounts.get("DEVICE#phone-bob", "TOKEN")
    assert device is not None
    assert find_credential(town.accounts, token) is not None

    town.erase("bob")

    assert find_credential(town.accounts, token) is None
    assert list(list_tokens(town.accounts, "bob", after=None, limit=10)) == []
    assert town.accounts.get(f"TOKEN#{device['digest']}", "TOKEN") is None


def test_data_stay_whole_while_callers_may_still_be_let_in(town: Town) -> None:
    def data() -> set[str]:
        return {p for p in town.traces("adalove") if not p.startswith("AccountsTable")}

    before = data()
    town.erase()

    done = town.sweep(60)

    assert done == {"settling": 1}
    assert data() == before
    assert town.status()["left"] == {"account": 1}


def test_is_not_called_erased_before_the_grace_is_over(town: Town) -> None:
    town.erase()
    town.sweep(100)
    assert set(town.traces("adalove")) == {
        "AccountsTable ERASURES adalove",
        "AccountsTable USER#adalove PROFILE",
        "AccountsTable USERS 01ABCDEFadaloveZZZZZZZZZZZ",
        "DevicesTable OWNER#adalove GONE#phone-adalove",
        "DevicesTable DEVICE#phone-adalove POINT#1",
        "JobsTable USER#adalove GONE#job_adalove",
    }

    town.sweep(GRACE_S - 10)
    still = town.status()
    town.sweep(10)

    assert still == {"user_id": "adalove", "status": "erasing", "left": {"account": 1}}
    assert town.status()["status"] == "erased"


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", PREFIXES)
def test_grace_begins_anew_when_a_late_write_is_found(town: Town, name: str) -> None:
    town.erase()
    town.sweep(100)
    town.sweep(GRACE_S - 10)
    town.bucket.put(name.format("adalove"), b"late")

    town.sweep(60)
    late = town.status()["status"]
    town.sweep(GRACE_S)

    assert late == "erasing"
    assert town.status()["status"] == "erased"
    assert town.traces("adalove") == {}


def test_callback_that_was_noted_after_its_job_was_removed_goes_too(town: Town) -> None:
    town.erase()
    town.sweep(100)
    late = {"pk": "JOB#job_adalove", "sk": "CALLBACK#evt_2", "user_id": "adalove", "body": b"x"}
    town.tables["JobsTable"].put(late)

    town.sweep_until_erased()

    assert town.traces("adalove") == {}
    assert town.tables["JobsTable"].get("JOB#job_adalove", "CALLBACK#evt_2") is None


def test_account_is_empty_when_its_name_is_used_again(town: Town, api: Api) -> None:
    town.erase()
    early = town.root.post("/accounts/users", json={"user_id": "adalove"})
    issued = town.root.post("/accounts/tokens", json={"kind": "user", "user_id": "adalove"})
    town.sweep_until_erased()

    made = town.root.post("/accounts/users", json={"user_id": "adalove"})

    assert (early.status, early.code) == (409, "user_erasing")
    assert (issued.status, issued.code) == (422, "user_not_found")
    assert made.status == 201
    assert town.status()["status"] == "active"
    for function, path in (("datasets", "/user/data/list"), ("jobs", "/api/jobs")):
        assert api(function, user="adalove").get(path).json()["data"] == []
    usage = api("usage", user="adalove").get("/usage/summary", params={"from": "1970-01-01"})
    assert usage.json()["runs"] == 0


def test_own_account_is_erased_when_confirmed(town: Town, api: Api) -> None:
    ada = api("accounts", user="adalove")

    unsaid = ada.delete("/accounts/users/adalove")
    wrong = ada.delete("/accounts/users/adalove", params={"confirm": "eve"})
    said = ada.delete("/accounts/users/adalove", params={"confirm": "adalove"})

    assert (unsaid.status, unsaid.code) == (400, "confirmation_required")
    assert unsaid.json()["errors"][0]["pointer"] == "/query/confirm"
    assert "?confirm=adalove" in unsaid.json()["detail"]
    assert wrong.code == "confirmation_required"
    assert said.status == 202


@pytest.mark.exhaustive
@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("user_id", ["eve", "nobody", "adalove2"])
def test_404_when_account_is_anothers(town: Town, api: Api, method: str, user_id: str) -> None:
    before = town.world()

    confirmed = {"confirm": user_id} if method == "DELETE" else {}
    answer = api("accounts", user="adalove").request(
        method, f"/accounts/users/{user_id}", params=confirmed
    )

    assert (answer.status, answer.code) == (404, "user_not_found")
    assert town.world() == before


def test_404_when_there_is_no_such_user(town: Town) -> None:
    assert town.erase("nobody").code == "user_not_found"
    assert town.root.get("/accounts/users/nobody").code == "user_not_found"


def test_401_when_the_token_was_revoked_a_moment_ago(town: Town, api: Api) -> None:
    root = api("accounts", user="root", admin=True, token_id="tok_eve")
    town.root.delete("/accounts/tokens/tok_eve")

    answer = root.delete("/accounts/users/adalove")

    assert answer.status == 401
    assert town.status()["status"] == "active"


def test_again_is_202_while_it_lasts_and_404_after(town: Town) -> None:
    first, again = town.erase(), town.erase()
    town.sweep_until_erased()

    assert (first.status, again.status) == (202, 202)
    assert (town.erase().status, town.erase().code) == (404, "user_not_found")
    assert town.status()["status"] == "erased"


def test_409_when_the_last_administrator_would_go(town: Town) -> None:
    answer = town.erase("root", confirm="root")

    assert (answer.status, answer.code) == (409, "last_admin")
    assert town.status("root")["status"] == "active"


def test_an_administrator_goes_when_there_is_another(town: Town, api: Api) -> None:
    create_user(town.accounts, User("rita", "rita", True, "01BBBBBBBBBBBBBBBBBBBBBBBB"))

    assert town.erase("root", confirm="root").status == 202
    assert api("accounts", user="rita", admin=True).delete(
        "/accounts/users/rita", params={"confirm": "rita"}
    ).code == ("last_admin")


def test_one_stays_when_two_administrators_erase_each_other_at_once(town: Town) -> None:
    create_user(town.accounts, User("rita", "rita", True, "01BBBBBBBBBBBBBBBBBBBBBBBB"))
    other: list[str] = []

    def erase_root() -> None:
        try:
            begin_erasure(town.accounts, "root", audit=Audit("rita"), may_go_on=lambda: True)
            other.append("begun")
        except LastAdmin:
            other.append("last")

    with watched_calls() as calls:
        calls.before_each["TransactWriteItems"] = once(erase_root)
        answer = town.erase("rita")

    assert other == ["begun"]
    assert (answer.status, answer.code) == (409, "last_admin")


def once(action: Callable[[], None]) -> Callable[[], None]:
    left = [action]
    return lambda: left.pop()() if left else None


def test_erasure_is_told_in_the_audit(town: Town) -> None:
    town.erase()
    town.sweep_until_erased()

    told = town.root.get("/accounts/audit", params={"limit": 1000}).json()["data"]

    about = {entry["action"]: entry for entry in told if entry["object"].endswith("adalove")}
    assert about["erasure.begun"]["actor"] == "root"
    assert about["erasure.finished"]["actor"] is None
    assert about["erasure.finished"]["detail"] == {"begun_at": "2026-01-01T00:00:00.000Z"}
    assert about["user.created"]["object"] == "adalove"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("fault", "after_s", "step"), [(crash, 100, 7), (crash, GRACE_S, 6), (lose_answer, 100, 17)]
)
def test_it_ends_well_wherever_a_sweep_dies(
    town: Town, fault: Callable[[], None], after_s: int, step: int
) -> None:
    """At AWS calls all over the sweep that removes, and the one that finishes."""
    number = 0
    while True:
        user_id = f"idalovelace{number}"
        town.settle(user_id)
        begin_erasure(town.accounts, user_id, audit=Audit(), may_go_on=lambda: True)
        if after_s == GRACE_S:
            town.sweep(100)
        # What fails before there is an account to speak of fails the whole run.
        with watched_calls() as calls, suppress(Crash, Unavailable):
            calls.after[number] = fault
            town.sweep(after_s)
        # Longer than the lease of the run that died, then the grace.
        town.sweep(400)
        town.sweep(GRACE_S)

        assert account_status(town.accounts, user_id).status == "erased", calls.names[number:][:1]
        if len(calls.names) <= number:
            break
        number += step
    assert number > 20
    assert [place for place in town.traces("idalovelace") if not place.endswith(" ERASED")] == []
    assert len(town.traces("eve")) > 35


@pytest.mark.exhaustive
def test_begun_whole_or_not_at_all_wherever_the_call_dies(town: Town) -> None:
    number = 0
    while True:
        user_id = f"idalovelace{number}"
        token = town.settle(user_id)
        with watched_calls() as calls, suppress(Crash):
            calls.after[number] = crash
            town.erase(user_id)
        again = town.erase(user_id)

        assert again.status == 202
        assert find_credential(town.accounts, token) is None
        if len(calls.names) <= number:
            break
        number += 1
    told = town.root.get("/accounts/audit", params={"limit": 1000}).json()["data"]
    begun = [entry["object"] for entry in told if entry["action"] == "erasure.begun"]
    assert sorted(begun) == sorted(f"idalovelace{one}" for one in range(number + 1))


def test_upkeep_ends_tokens_when_the_call_died(town: Town) -> None:
    token = town.settle("bob")
    with watched_calls() as calls, suppress(Crash):
        calls.after[4] = crash
        town.erase("bob")
    assert town.status("bob")["status"] == "erasing"

    town.sweep(10)

    assert find_credential(town.accounts, token) is None


def test_two_sweeps_at_once_do_not_work_on_the_same_account(town: Town) -> None:
    town.erase()
    seen: list[dict[str, int]] = []

    with watched_calls() as calls:
        calls.before_each["ListObjectVersions"] = once(lambda: seen.append(town.sweep(0)))
        done = town.sweep(100)

    assert seen == [{"another_run_has_it": 1}]
    assert done == {"swept": 1}


def test_lost_sweep_does_not_remove_from_the_account_that_has_the_name_then(town: Town) -> None:
    """A run that was cut off keeps the account for longer than it could have lasted."""
    town.erase()
    with watched_calls() as calls, suppress(Crash):
        calls.before_each["ListObjectVersions"] = crash
        town.sweep(100)

    soon = town.sweep(200)
    later = town.sweep(140)

    assert soon == {"another_run_has_it": 1}
    assert later == {"swept": 1}


def test_an_account_that_fails_does_not_hold_up_others(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    town.settle("bob")
    town.erase("adalove")
    town.erase("bob")

    with watched_calls(_FailingFor("adalove")):
        done = town.sweep(100)
        town.sweep(GRACE_S)
    failing = town.status("adalove")["status"]

    assert done == {"failed": 1, "swept": 1}
    assert '"ErasuresFailed"' in capsys.readouterr().out
    assert town.status("bob")["status"] == "erased"
    assert failing == "erasing"
    town.sweep_until_erased("adalove")
    assert town.traces("adalove") == {}


class _FailingFor(Calls):
    """Everything that names a user below a prefix of the bucket fails as nobody foresaw."""

    def __init__(self, user_id: str) -> None:
        super().__init__()
        self._user_id = user_id

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        if request.service == "s3" and self._user_id in str(request.params):
            raise RuntimeError("nobody foresaw this")
        return super().made(request, call)


def test_work_goes_on_where_time_ran_out_and_says_what_is_left(town: Town) -> None:
    town.erase()
    for number in range(30):
        town.bucket.put(f"runs/user=adalove/date=2026-01-02/{number}.parquet", b"x")
    town.held_clock.advance(100)
    looks = [0]

    def soon_over() -> bool:
        looks[0] += 1
        return looks[0] < 4

    done = wiring.erasing().work(soon_over)
    cut = town.status()["left"]
    town.sweep()

    assert done == {"swept": 1}
    assert cut["account"] == 1
    assert cut["runs"] == 32
    assert "tokens" not in cut
    assert town.status()["left"] == {"account": 1}


def test_late_erasure_raises_an_alarm(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    town.erase()

    town.sweep(86_401)

    assert '"ErasuresLate"' in capsys.readouterr().out


def test_upkeep_costs_two_queries_when_there_is_nothing_to_do(town: Town) -> None:
    with watched_calls() as calls:
        done = town.sweep()

    assert (calls.names, done) == (["Query", "Query"], {})


def test_upkeep_ends_what_a_revocation_left(town: Town, api: Api) -> None:
    parent = town.root.post("/accounts/tokens", json={"kind": "user"}).json()
    maker = api("accounts", user="root", admin=True, token_id=parent["token_id"])
    child = maker.post("/accounts/tokens", json={"kind": "user"}).json()
    with watched_calls() as calls, suppress(Crash):
        calls.before_each["Query"] = crash
        town.root.delete(f"/accounts/tokens/{parent['token_id']}", params={"children": "1"})
    assert find_credential(town.accounts, child["token"]) is not None

    done = town.sweep()

    assert done == {"revoked": 1}
    assert find_credential(town.accounts, child["token"]) is None
