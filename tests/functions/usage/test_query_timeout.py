"""Questions that take too long get an answer before the gateway gives up."""

import pytest

from tests.conftest import forget_caches
from tools.template import read_template

WINDOW = {"from": "2025-12-03", "to": "2025-12-04"}
ROWS = {"dataset": "d", "rows": [{"ts": 1764784800, "model": "m", "latency_ms": 5}]}
QUESTIONS = ["/usage", "/usage/summary", "/usage/export.csv"]
# The gateway's patience, less what a cold start and the answer take.
GATEWAY_S = 30


@pytest.fixture
def stored(api):
    api("datasets", user="ada").post("/user/data/append_jsonl", json=ROWS)


@pytest.fixture
def no_time(stored, monkeypatch):
    monkeypatch.setenv("QUERY_SECONDS", "0")
    forget_caches()


def assert_timed_out(answer):
    assert (answer.status, answer.code) == (503, "query_timeout")
    assert int(answer.headers["retry-after"]) > 0
    assert "shorter window" in answer.json()["detail"]


@pytest.mark.parametrize("path", QUESTIONS)
def test_503_says_what_to_do_when_there_is_no_time(api, no_time, path):
    answer = api("usage", user="ada").get(path, params=WINDOW)

    assert_timed_out(answer)


def test_503_when_there_is_no_time_to_compare(api, no_time):
    sides = {f"{side}_{name}": value for side in "ab" for name, value in WINDOW.items()}

    answer = api("usage", user="ada").get("/usage/compare", params=sides)

    assert_timed_out(answer)


def test_503_when_there_is_no_time_for_metrics(api, no_time):
    answer = api("datasets", user="ada").get("/user/data/metrics", params={"dataset": "d"})

    assert_timed_out(answer)


@pytest.mark.parametrize("path", QUESTIONS)
def test_it_is_answered_when_there_is_time(api, stored, path):
    assert api("usage", user="ada").get(path, params=WINDOW).status == 200


@pytest.mark.parametrize("function", ["Usage", "Datasets"])
def test_time_is_left_to_answer_when_a_question_is_stopped(function):
    template = read_template()

    seconds = int(template.environment(function)["QUERY_SECONDS"])

    timeout = template.functions()[function]["Properties"]["Timeout"]
    assert seconds + 2 < timeout < GATEWAY_S
