"""Which token made which: none outlives its maker, and a tree can be revoked at once."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from shared import ids
from shared.accounts import (
    Maker,
    TokenNotFound,
    TokenRequest,
    User,
    carry_out,
    create_user,
    find_credential,
    issue_token,
    open_revocations,
    revoke_token,
)
from shared.aws import Table
from shared.errors import Unauthenticated
from tests.conftest import Api, HeldClock
from tests.kit.faults import Calls, Crash, crash, lose_answer, watched_calls
from tests.kit.gateway import ApiClient, ApiResponse

HOUR = 3_600


@pytest.fixture
def accounts(tables: dict[str, Table]) -> Table:
    for place, (name, admin) in enumerate([("ada", False), ("eve", False), ("root", True)]):
        create_user(
            tables["AccountsTable"], User(name, name, admin, f"01AAAAAAAAAAAAAAAAAAAAAAA{place}")
        )
    return tables["AccountsTable"]


Made = dict[str, str]
Make = Callable[..., Made]


@pytest.fixture
def make(api: Api, accounts: Table) -> Make:
    """`make(maker, expires_in_s=60)`: a token of ada's, made by another one."""

    def made(by: Made | None = None, **body: object) -> Made:
        token_id = by["token_id"] if by else "tok_test"
        client = api("accounts", user="ada", token_id=token_id)
        answer = client.post("/accounts/tokens", json={"kind": "user", **body})
        assert answer.status == 201, answer.text
        document: Made = answer.json()
        return document

    return made


def by(api: Api, token: Made, user: str = "ada", **identity: bool) -> ApiClient:
    return api("accounts", user=user, token_id=token["token_id"], **identity)


def revoke(client: ApiClient, token: Made) -> ApiResponse:
    return client.delete(f"/accounts/tokens/{token['token_id']}", params={"children": "1"})


def alive(accounts: Table, *tokens: Made) -> list[bool]:
    return [find_credential(accounts, token["token"]) is not None for token in tokens]


def left_of_lineage(accounts: Table, *tokens: Made) -> list[str]:
    """Places of children that nobody needs any more."""
    return [
        item["sk"]
        for token in tokens
        for item in accounts.query(f"TOKEN_ID#{token['token_id']}", prefix="CHILD#")
    ] + [each.token_id for each in open_revocations(accounts)]


@pytest.mark.parametrize("life_s", [HOUR + 1, None])
def test_422_when_new_token_outlives_its_maker(
    api: Api, make: Make, held_clock: HeldClock, life_s: int | None
) -> None:
    maker = make(expires_in_s=HOUR)

    body = {"kind": "api_key"} | ({} if life_s is None else {"expires_in_s": life_s})
    answer = by(api, maker).post("/accounts/tokens", json=body)

    assert (answer.status, answer.code) == (422, "token_outlives_maker")
    assert "2026-01-01T01:00:00.000Z" in answer.json()["detail"]


def test_new_token_may_end_with_its_maker_and_no_later(make: Make, held_clock: HeldClock) -> None:
    maker = make(expires_in_s=HOUR)
    held_clock.advance(60)

    child = make(maker, expires_in_s=HOUR - 60)

    assert child["expires_at"] == maker["expires_at"]
    assert child["created_by"] == maker["token_id"]


def test_first_token_of_a_user_may_not_outlive_its_maker(
    api: Api, accounts: Table, held_clock: HeldClock
) -> None:
    root = api("accounts", user="root", admin=True)
    maker = root.post("/accounts/tokens", json={"kind": "user", "expires_in_s": HOUR}).json()
    short = by(api, maker, "root", admin=True)

    refused = short.post("/accounts/users", json={"user_id": "bob"})
    made = short.post("/accounts/users", json={"user_id": "bob", "expires_in_s": HOUR})

    assert (refused.status, refused.code) == (422, "token_outlives_maker")
    assert made.status == 201
    (first,) = root.get("/accounts/tokens", params={"user_id": "bob"}).json()["data"]
    assert (first["created_by"], first["expires_at"]) == (maker["token_id"], maker["expires_at"])


def test_token_of_an_earlier_version_keeps_its_end(
    api: Api, make: Make, accounts: Table, held_clock: HeldClock
) -> None:
    maker = make(expires_in_s=HOUR)
    place = (f"TOKEN_ID#{maker['token_id']}", "TOKEN")
    item = accounts.get(*place)
    assert item is not None
    accounts.put({name: value for name, value in item.items() if name != "expires_us"})

    answer = by(api, maker).post("/accounts/tokens", json={"kind": "user", "expires_in_s": 7_200})

    assert answer.code == "token_outlives_maker"
    assert by(api, maker).post(
        "/accounts/tokens", json={"kind": "user", "expires_in_s": HOUR - 5}
    ).status == (201)


def test_list_says_which_token_made_which(api: Api, make: Make) -> None:
    first = make()
    second = make(first)

    listed = {e["token_id"]: e for e in by(api, first).get("/accounts/tokens").json()["data"]}

    assert listed[first["token_id"]]["created_by"] == "tok_test"
    assert listed[second["token_id"]]["created_by"] == first["token_id"]


def test_token_has_no_rights_that_its_maker_has_not(api: Api, accounts: Table) -> None:
    lesser = api("accounts", user="root", admin=False)

    made = lesser.post("/accounts/tokens", json={"kind": "user"}).json()

    credential = find_credential(accounts, made["token"])
    assert credential is not None
    assert not credential.admin


@pytest.mark.parametrize("path", ["/accounts/tokens", "/accounts/users"])
def test_401_when_the_making_token_was_revoked_a_moment_ago(
    api: Api, accounts: Table, path: str
) -> None:
    root = api("accounts", user="root", admin=True)
    maker = root.post("/accounts/tokens", json={"kind": "user"}).json()
    root.delete(f"/accounts/tokens/{maker['token_id']}")

    answer = by(api, maker, "root", admin=True).post(path, json={"kind": "user"})

    assert (answer.status, answer.body) == (401, b'{"message":"Unauthorized"}')


def test_401_when_the_making_token_has_expired_a_moment_ago(
    api: Api, make: Make, held_clock: HeldClock
) -> None:
    maker = make(expires_in_s=10)
    held_clock.advance(10)

    answer = by(api, maker).post("/accounts/tokens", json={"kind": "user", "expires_in_s": 1})

    assert answer.status == 401


def test_children_live_on_when_only_their_maker_is_revoked(
    api: Api, make: Make, accounts: Table
) -> None:
    parent = make()
    child = make(parent)

    answer = by(api, parent).delete(f"/accounts/tokens/{parent['token_id']}")

    assert answer.status == 204
    assert alive(accounts, parent, child) == [False, True]


def test_whole_tree_is_dead_when_revoked_with_children(
    api: Api, make: Make, accounts: Table, held_clock: HeldClock
) -> None:
    other = make()
    parent = make(other)
    children = [child for _ in range(25) for child in issue(accounts, parent)]
    grandchildren = [make(children[0]), make(children[24]), make(children[24])]
    leaf = make(grandchildren[2])

    answer = revoke(by(api, other), parent)

    family = (parent, *children, *grandchildren, leaf)
    assert answer.status == 204
    assert alive(accounts, other, *family) == [True] + [False] * len(family)
    assert left_of_lineage(accounts, other, *family) == []
    (listed,) = by(api, other).get("/accounts/tokens").json()["data"]
    assert listed["token_id"] == other["token_id"]
    assert revoke(by(api, other), parent).code == "token_not_found"


def test_long_chain_is_dead_when_revoked_with_children(
    api: Api, make: Make, accounts: Table, held_clock: HeldClock
) -> None:
    chain = [make()]
    for _ in range(30):
        chain += issue(accounts, chain[-1])

    answer = revoke(by(api, chain[0]), chain[0])

    assert answer.status == 204
    assert not any(alive(accounts, *chain))
    assert left_of_lineage(accounts, *chain) == []


def test_children_are_taken_along_later_when_maker_was_revoked_without_them(
    api: Api, make: Make, accounts: Table
) -> None:
    root, parent = make(), make()
    child = make(parent)
    by(api, root).delete(f"/accounts/tokens/{parent['token_id']}")

    answer = revoke(by(api, root), parent)

    assert answer.status == 204
    assert alive(accounts, child) == [False]
    assert revoke(by(api, root), parent).status == 404


def test_grandchildren_are_taken_along_when_the_token_between_was_revoked_before(
    api: Api, make: Make, accounts: Table
) -> None:
    parent = make()
    child = make(parent)
    grandchild = make(child)
    by(api, parent).delete(f"/accounts/tokens/{child['token_id']}")

    answer = revoke(by(api, parent), parent)

    assert answer.status == 204
    assert alive(accounts, parent, child, grandchild) == [False, False, False]
    assert left_of_lineage(accounts, parent, child, grandchild) == []


def test_404_when_tree_is_anothers(api: Api, make: Make, accounts: Table) -> None:
    parent = make()
    child = make(parent)
    by(api, make()).delete(f"/accounts/tokens/{parent['token_id']}")

    answer = revoke(api("accounts", user="eve"), parent)

    assert (answer.status, answer.code) == (404, "token_not_found")
    assert alive(accounts, child) == [True]


def test_devices_token_dies_with_the_token_that_made_it(api: Api, accounts: Table) -> None:
    root = api("accounts", user="root", admin=True)
    maker, other = (root.post("/accounts/tokens", json={"kind": "user"}).json() for _ in "12")

    def register(serial: str, by_token: Made) -> str:
        devices = api("devices", user="root", admin=True, token_id=by_token["token_id"])
        token: str = devices.post("/devices/register", json={"serial": serial}).json()[
            "device_token"
        ]
        return token

    gone = register("phone-1", maker)
    before = register("phone-2", maker)
    again = register("phone-2", other)

    answer = revoke(root, maker)

    assert answer.status == 204
    found = [find_credential(accounts, token) for token in (gone, before, again)]
    assert [one is not None for one in found] == [False, False, True]
    assert left_of_lineage(accounts, maker) == []
    assert left_of_lineage(accounts, other) == ["CHILD#DEVICE#phone-2"]


def test_422_when_device_is_registered_by_a_token_that_ends(api: Api, accounts: Table) -> None:
    root = api("accounts", user="root", admin=True)
    maker = root.post("/accounts/tokens", json={"kind": "user", "expires_in_s": HOUR}).json()
    devices = api("devices", user="root", admin=True, token_id=maker["token_id"])

    answer = devices.post("/devices/register", json={"serial": "phone-1"})

    assert (answer.status, answer.code) == (422, "token_outlives_maker")
    assert devices.get("/devices/phone-1").status == 404


def issue(accounts: Table, maker: Made) -> list[Made]:
    """A child of a token, made at a moment in which another call runs; none where it is refused."""
    request = TokenRequest(ids.new_id("tok"), "ada", "ada", False)
    try:
        issued = issue_token(accounts, request, maker=Maker(maker["token_id"], None))
    except Unauthenticated:
        return []
    return [{"token_id": issued.token.token_id, "token": issued.secret}]


def test_child_does_not_survive_when_made_while_its_maker_is_revoked(
    api: Api, make: Make, accounts: Table, held_clock: HeldClock
) -> None:
    """At every AWS call of the revocation."""
    root = make()
    number = made_at_all = 0
    while True:
        parent = make(root)
        make(parent)
        made: list[Made] = []
        with watched_calls() as calls:
            calls.before[number] = partial(_add, made, accounts, parent)
            answer = revoke(by(api, root), parent)

        assert answer.status == 204
        assert not any(alive(accounts, *made)), number
        assert left_of_lineage(accounts, parent, *made) == []
        made_at_all += len(made)
        if len(calls.names) <= number:
            break
        number += 1
    assert 0 < made_at_all < number


def _add(made: list[Made], accounts: Table, maker: Made) -> None:
    made += issue(accounts, maker)


@pytest.mark.parametrize("number", range(4))
def test_making_is_refused_when_maker_is_revoked_during_it(
    api: Api, make: Make, accounts: Table, held_clock: HeldClock, number: int
) -> None:
    parent = make()
    maker = by(api, parent)

    with watched_calls() as calls:
        calls.before[number] = partial(
            revoke_token, accounts, parent["token_id"], owner="ada", children=True
        )
        answer = maker.post("/accounts/tokens", json={"kind": "user"})

    assert len(calls.names) > number
    assert answer.status == 401
    assert left_of_lineage(accounts, parent) == []


FAULTS = [(fault, when) for fault in (crash, lose_answer) for when in ("before", "after")]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("fault", "when"), FAULTS)
def test_tree_dies_in_the_end_wherever_its_revocation_fails(
    api: Api,
    make: Make,
    accounts: Table,
    held_clock: HeldClock,
    fault: Callable[[], None],
    when: str,
) -> None:
    root = make()
    number = 0
    while True:
        parent = make(root)
        (child,) = issue(accounts, parent)
        (leaf,) = issue(accounts, child)
        with watched_calls() as calls:
            getattr(calls, when)[number] = fault
            with suppress(Crash):
                revoke(by(api, root), parent)
        upkeep(accounts)
        again = revoke(by(api, root), parent)

        assert again.status in (204, 404)
        assert not any(alive(accounts, parent, child, leaf)), number
        assert left_of_lineage(accounts, parent, child, leaf) == []
        if len(calls.names) <= number:
            break
        number += 1
    assert number > 8


def upkeep(accounts: Table) -> None:
    for revocation in list(open_revocations(accounts)):
        carry_out(accounts, revocation, lambda: True)


def test_upkeep_goes_on_when_the_tree_is_too_large_for_a_call(
    api: Api, make: Make, accounts: Table, held_clock: HeldClock
) -> None:
    root = make()
    parent = make(root)
    children = [child for _ in range(30) for child in issue(accounts, parent)]
    slow = Calls(before_each={"TransactWriteItems": lambda: held_clock.advance(21)})

    with watched_calls(slow):
        answer = revoke(by(api, root), parent)
    upkeep(accounts)

    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert not any(alive(accounts, parent, *children))
    assert left_of_lineage(accounts, parent) == []


@pytest.mark.exhaustive
def test_two_revoke_the_same_tree_at_once(
    api: Api, make: Make, accounts: Table, held_clock: HeldClock
) -> None:
    root = make()
    number = 0
    while True:
        parent = make(root)
        family = [parent, *(make(parent) for _ in range(3))]
        with watched_calls() as calls:
            calls.before[number] = partial(attempt_revoking, accounts, parent["token_id"])
            answer = revoke(by(api, root), parent)

        assert answer.status in (204, 404)
        assert not any(alive(accounts, *family))
        assert left_of_lineage(accounts, *family) == []
        if len(calls.names) <= number:
            break
        number += 1


def attempt_revoking(accounts: Table, token_id: str) -> None:
    with suppress(TokenNotFound):
        revoke_token(accounts, token_id, owner="ada", children=True)


def test_tree_costs_two_calls_a_token(
    api: Api, make: Make, accounts: Table, held_clock: HeldClock
) -> None:
    parent = make()
    for _ in range(20):
        issue(accounts, parent)

    with watched_calls() as calls:
        revoke(by(api, parent), parent)

    assert calls.names.count("TransactWriteItems") == 1 + 20 // 20
    assert len(calls.names) <= 2 * 20 + 15
