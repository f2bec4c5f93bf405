"""A caller is held to a rate over all processes; one who hardly calls costs no call of AWS."""

from collections.abc import Callable

import pytest
from botocore.client import BaseClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.aws import Table, clients
from shared.aws.clients import client
from shared.clock import SECOND_US
from shared.errors import TooManyRequests
from shared.http.rates import RateLimits, RateSettings, TokenBucket, _meters
from tests.conftest import HeldClock
from tests.kit.effort import examples
from tests.kit.gateway import ApiClient

# Leaves two requests a minute and process uncounted, and takes two tokens at a time.
A_MINUTE = 200


@pytest.fixture
def table(tables: dict[str, Table], held_clock: HeldClock) -> Table:
    return tables["IdempotencyTable"]


@pytest.fixture
def limits(table: Table) -> RateLimits:
    return RateLimits(table, RateSettings(writes_a_minute=A_MINUTE, queries_a_minute=A_MINUTE))


def let_in(limits: RateLimits, tries: int, *, user: str = "ada", processes: int = 1) -> int:
    """How many of so many requests at once are let in, spread over processes."""
    meters = [dict[tuple[str, str], object]() for _ in range(processes)]
    passed = 0
    for number in range(tries):
        here = meters[number % processes]
        _meters().clear()
        _meters().update(here)  # type: ignore[arg-type]  # What another process would know.
        try:
            limits.check(user, "writes")
            passed += 1
        except TooManyRequests:
            pass
        here.update(_meters())
    return passed


@pytest.mark.exhaustive
@pytest.mark.parametrize("processes", [1, 2, 7])
def test_a_minutes_worth_is_let_in_at_once_and_hardly_more(
    limits: RateLimits, processes: int
) -> None:
    passed = let_in(limits, 2 * A_MINUTE, processes=processes)

    # Each process leaves two uncounted; what it took ahead for itself may be left over.
    assert A_MINUTE - 2 * processes <= passed <= A_MINUTE + 2 * processes


@pytest.mark.exhaustive
def test_rate_is_kept_over_minutes_when_caller_never_stops(
    limits: RateLimits, held_clock: HeldClock
) -> None:
    passed = let_in(limits, 2 * A_MINUTE)
    for _ in range(12):
        held_clock.advance(10)
        passed += let_in(limits, A_MINUTE)

    assert 2.7 * A_MINUTE <= passed <= 3.3 * A_MINUTE


def test_wait_is_told_when_refused_and_is_enough(limits: RateLimits, held_clock: HeldClock) -> None:
    let_in(limits, 2 * A_MINUTE)

    with pytest.raises(TooManyRequests) as refused:
        limits.check("ada", "writes")

    assert refused.value.error_code == "rate_exceeded"
    assert refused.value.retry_after_s is not None
    held_clock.advance(refused.value.retry_after_s)
    limits.check("ada", "writes")


def test_one_caller_never_holds_another_back(limits: RateLimits) -> None:
    let_in(limits, 2 * A_MINUTE)

    assert let_in(limits, 100, user="bob") == 100


def test_queries_pass_when_writes_are_refused(limits: RateLimits) -> None:
    let_in(limits, 2 * A_MINUTE)

    limits.check("ada", "queries")


def test_sparse_caller_costs_no_call(
    limits: RateLimits, held_clock: HeldClock, dynamodb_calls: Callable[[], int]
) -> None:
    for _ in range(60):
        limits.check("ada", "writes")
        held_clock.advance(40)

    assert dynamodb_calls() == 0


def test_busy_process_asks_once_for_several_requests(
    limits: RateLimits, dynamodb_calls: Callable[[], int]
) -> None:
    assert let_in(limits, 150) == 150

    # Two at a time, a hundredth of the limit; three calls where the bucket was full before.
    assert dynamodb_calls() <= 150 / 2 + 5


def test_flood_is_refused_without_calls(
    limits: RateLimits, dynamodb_calls: Callable[[], int]
) -> None:
    let_in(limits, A_MINUTE + 10)
    before = dynamodb_calls()

    # Two are left uncounted in each process.
    assert let_in(limits, 50) == 2

    assert dynamodb_calls() <= before + 8


def test_slow_requests_count_as_more(limits: RateLimits, dynamodb_calls: Callable[[], int]) -> None:
    limits.check("ada", "queries")
    limits.note_time("ada", "queries", 12.7)

    limits.check("ada", "queries")

    assert dynamodb_calls() > 0


def test_nothing_is_limited_when_the_limit_is_zero(table: Table) -> None:
    free = RateLimits(table, RateSettings(writes_a_minute=0, queries_a_minute=0))

    assert let_in(free, 1_000) == 1_000


def test_request_passes_when_the_bucket_cannot_be_reached(
    limits: RateLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(limits, 10)
    clients._client.cache_clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    assert let_in(limits, 3) == 3
    clients._client.cache_clear()


@pytest.mark.exhaustive
@settings(max_examples=examples(), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    a_minute=st.integers(1, 100_000),
    steps=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), min_size=1, max_size=12),
)
@example(a_minute=1, steps=[(12, 11), (12, 11)])
def test_bucket_never_gives_more_than_its_rate_and_burst(
    table: Table, held_clock: HeldClock, a_minute: int, steps: list[tuple[int, int]]
) -> None:
    bucket = TokenBucket(
        table, f"user-{a_minute}-{len(steps)}-{hash(tuple(steps))}", "writes", a_minute
    )
    began_us, given_out = held_clock.now_us, 0

    for seconds, tokens in steps:
        held_clock.advance(seconds)
        given_out += 0 if bucket.take(tokens) else tokens

    passed_s = (held_clock.now_us - began_us) / SECOND_US
    assert given_out <= a_minute * (1 + passed_s / 60) + len(steps)


def test_refusal_is_a_problem_that_says_when_to_come_back(
    things: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUERIES_A_MINUTE", "2")

    answers = [things.get("/things/a") for _ in range(4)]

    assert [answer.status for answer in answers] == [404, 404, 429, 429]
    assert answers[-1].code == "rate_exceeded"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


def test_devices_are_not_held(things: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERIES_A_MINUTE", "1")
    device = ApiClient(things.handler, {"kind": "device", "serial": "phone"})

    assert {device.get("/device").status for _ in range(5)} == {200}


@pytest.fixture
def dynamodb_calls(table: Table) -> Callable[[], int]:
    """How many calls of DynamoDB were made since."""
    made: list[str] = []
    dynamodb: BaseClient = client("dynamodb")
    dynamodb.meta.events.register("before-call.dynamodb", lambda **_: made.append("call"))
    return lambda: len(made)
