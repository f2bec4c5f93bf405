"""From units to dollars: the price book, a job's life, an idle device's month."""

import json
from collections import Counter

import pytest

from bench.job_costs import (
    SETTINGS,
    connected_amounts,
    idle_amounts,
    job_costs,
    kept_section,
    section,
)
from bench.job_life import Life
from bench.prices import PRICES, PriceBook
from tests.conftest import forget_caches
from tests.kit.receiver import running_receiver


@pytest.fixture
def life(settings_env, template, monkeypatch):
    """A life over an empty AWS, with a receiver for its callbacks."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    forget_caches()
    with running_receiver() as receiver:
        yield Life(template, PriceBook.read(), receiver.url)


def test_a_million_times_a_price_is_summed_when_amounts_are_given():
    book = PriceBook.read()

    usd = book.usd_for_a_million(Counter(s3_put=2, dynamodb_rru=0.5, aws_call=7))

    assert usd == pytest.approx(2 * 5.00 + 0.5 * 0.125)


def test_amount_is_refused_when_it_has_no_price():
    with pytest.raises(KeyError, match="gold"):
        PriceBook.read().usd_for_a_million(Counter(gold=1))


def test_invocation_takes_memory_times_duration():
    taken = PriceBook.read().invocation("Jobs", 2_048)

    assert taken["lambda_gb_s"] == pytest.approx(2 * PriceBook.read().lambda_ms["Jobs"] / 1_000)


def test_other_prices_count_when_a_file_of_ones_own_is_given(tmp_path):
    document = json.loads(PRICES.read_text())
    document["prices"]["s3_put"]["usd_per_million"] = 6.0
    own = tmp_path / "own.json"
    own.write_text(json.dumps(document))

    assert PriceBook.read(own).usd_for_a_million(Counter(s3_put=1)) == 6.0


def test_every_price_names_its_source_and_date():
    for price in json.loads(PRICES.read_text())["prices"].values():
        assert price["source"].startswith("https://")
        assert price["date"].startswith("20")


@pytest.mark.exhaustive
def test_tables_show_steps_and_their_sum_when_a_job_lived(life):
    made = section(life, PriceBook.read())

    *steps, total, alone, large, crowd = made.rows
    assert [row["step"] for row in steps][:3] == ["authorize", "submit", "receive"]
    assert total["$ a million"] == pytest.approx(sum(row["$ a million"] for row in steps), abs=0.1)
    # What a job may cost: more is a decision, not an accident.
    assert total["AWS calls"] <= 45
    assert alone["AWS calls"] <= 50
    assert total["$ a million"] <= 58
    assert total["$ a million"] < alone["$ a million"]
    # Two objects instead of two items.
    assert large["AWS calls"] == total["AWS calls"]
    assert large["S3 put"] == pytest.approx(total["S3 put"] + 2)
    assert large["S3 get"] == pytest.approx(total["S3 get"] + 2)
    assert 8 < large["$ a million"] - total["$ a million"] < 10
    assert crowd["step"] == "more in a crowd"
    assert crowd["RRU"] > 0
    assert crowd["HTTP"] is None
    assert "An idle device" in made.note
    assert "Bodies of a million jobs" in made.note


def test_bodies_as_items_cost_no_more_than_objects_when_they_are_kept_for_the_default(life):
    for step in ("submit", "receive", "claim", "complete"):
        life.steps()[step]()

    outcome, prompt = life.bodies()
    shown = kept_section(life, PriceBook.read())

    assert prompt[0] < outcome[0] <= 1_024
    assert (prompt[1] > 500, outcome[1] > 3_000) == (True, True)
    items, objects = shown.rows
    for days in (60, 180, 400):
        assert items[f"$ in {days} days"] <= objects[f"$ in {days} days"]


@pytest.mark.exhaustive
def test_heartbeats_count_as_often_as_they_come_when_a_job_takes_half_a_minute(life):
    costs = {cost.step: cost for cost in job_costs(life)}

    # Each asks the API; the first extends the message.
    heartbeat = costs["heartbeat"]
    assert (heartbeat.times, heartbeat.amounts["http_request"]) == (2, 2)
    assert heartbeat.amounts["sqs_request"] == 0
    assert costs["extend the message"].amounts["sqs_request"] == 1


@pytest.mark.exhaustive
def test_polling_costs_less_when_a_device_waits_longer(life):
    book = PriceBook.read()

    polls = [idle_amounts(life, book, wait_s)[0]["sqs_request"] for wait_s in (1, 20)]

    # Four queues: four looks and a wait, each look 20 ms away.
    assert polls == [pytest.approx(30 * 86_400 * 3 / (wait_s + 0.04)) for wait_s in (1, 20)]


def test_idle_month_is_below_90_cents_when_the_broker_reaches_the_device(life):
    book = PriceBook.read()

    polling, presence = connected_amounts(life, book)

    assert polling["sqs_request"] < 400_000
    assert (presence["iot_minute"], round(presence["iot_message"])) == (43_200, 3_456)
    assert book.usd_for_a_million(polling + presence) / 1e6 < 0.90
