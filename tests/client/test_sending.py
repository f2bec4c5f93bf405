"""One request until it is answered: what is retried, when, and what the errors say."""

import json

import pytest
from evalyard import Conflict, Invalid, OutOfReach, RateLimited, ServerError, Unauthorized
from evalyard.core.sending import Patience, exchange, get, post, with_json
from evalyard.core.wire import Lost, Pause, Reply, Request


def _problem(status, code="", headers=None, **members):
    document = {"code": code, "detail": "Because.", "request_id": "r-1", **members}
    return Reply(status, headers or {}, json.dumps(document).encode())


def _drive(request, outcomes, patience=None):
    """The requests that were sent and the pauses between them; the last outcome ends it."""
    steps = exchange(request, patience or Patience())
    step, seen = next(steps), []
    for outcome in outcomes:
        seen.append(step)
        try:
            step = steps.send(outcome)
            if isinstance(step, Pause):
                seen.append(step.seconds)
                step = steps.send(None)
        except StopIteration:
            return seen
    return [*seen, step]


OK = Reply(200, {}, b"{}")


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_it_is_asked_when_retry_after_says_so(status) -> None:
    request = get("/x")

    assert _drive(request, [_problem(status, headers={"retry-after": "7"}), OK]) == [
        request,
        7.0,
        request,
    ]


def test_a_date_counts_from_the_answers_own_clock_when_retry_after_is_one() -> None:
    headers = {
        "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
    }

    assert _drive(get("/x"), [_problem(503, headers=headers), OK])[1] == 9.0


def test_one_key_is_kept_over_all_tries_when_a_post_is_repeated() -> None:
    outcomes = [Lost("reset", True), _problem(409, "idempotency_in_flight"), _problem(503), OK]

    seen = _drive(post("/x", {"a": 1}), outcomes)

    keys = {each.headers["idempotency-key"] for each in seen if not isinstance(each, float)}
    assert len(keys) == 1
    assert len([each for each in seen if isinstance(each, float)]) == 3


def test_each_call_has_a_key_of_its_own_when_bodies_are_alike() -> None:
    one, other = post("/x", {}), post("/x", {})

    assert one.headers["idempotency-key"] != other.headers["idempotency-key"]


def test_another_conflict_is_raised_at_once_when_it_is_no_matter_of_time() -> None:
    with pytest.raises(Conflict) as caught:
        _drive(get("/x"), [_problem(409, "job_not_dead")])

    assert (caught.value.status, caught.value.code) == (409, "job_not_dead")
    assert caught.value.request_id == "r-1"


@pytest.mark.parametrize("request_", [with_json("PUT", "/x", {}), Request("POST", "/ask_stream")])
@pytest.mark.parametrize(("sent", "repeated"), [(False, True), (True, False)])
def test_what_has_no_key_is_repeated_when_it_certainly_did_not_arrive(
    request_, sent, repeated
) -> None:
    request = request_

    if repeated:
        assert len(_drive(request, [Lost("refused", sent), OK])) == 3
    else:
        with pytest.raises(OutOfReach, match="refused"):
            _drive(request, [Lost("refused", sent)])


def test_it_gives_up_when_the_retries_are_used_up() -> None:
    patience = Patience(retries=2)

    with pytest.raises(OutOfReach) as caught:
        _drive(get("/x"), [Lost("refused", False)] * 3, patience)

    assert caught.value.tries == 3


def test_it_gives_up_at_once_when_the_wait_is_longer_than_its_patience() -> None:
    answer = _problem(429, "too_many_requests", {"retry-after": "3600"})

    with pytest.raises(RateLimited) as caught:
        _drive(get("/x"), [answer])

    assert caught.value.retry_after_s == 3600


def test_the_places_of_the_input_are_named_when_it_is_not_acceptable() -> None:
    fault = {"pointer": "/rows/3", "code": "not_a_number", "detail": "…"}

    with pytest.raises(Invalid) as caught:
        _drive(get("/x"), [_problem(422, "validation_failed", errors=[fault], allowed=["a"])])

    assert caught.value.errors[0].pointer == "/rows/3"
    assert caught.value.allowed == ["a"]


def test_it_is_unauthorized_when_the_gateway_itself_answers() -> None:
    answer = Reply(401, {"apigw-requestid": "g-1"}, b'{"message":"Unauthorized"}')

    with pytest.raises(Unauthorized) as caught:
        _drive(get("/x"), [answer])

    assert (caught.value.code, caught.value.request_id) == ("unauthorized", "g-1")


def test_it_is_a_server_error_when_a_proxy_answers_in_html() -> None:
    with pytest.raises(ServerError) as caught:
        _drive(get("/x"), [Reply(502, {}, b"<html>Bad Gateway</html>")])

    assert caught.value.code == "http_502"
