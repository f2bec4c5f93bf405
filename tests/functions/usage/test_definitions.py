"""The definitions as clients read them: complete, and the same as what is computed."""

import pytest

from functions.usage.schemas import Distribution, Stats


@pytest.fixture
def definitions(api):
    answer = api("usage", user="ada").get("/usage/definitions")
    assert answer.status == 200
    document = answer.json()
    assert (document["next_cursor"], document["has_more"]) == (None, False)
    return {entry["metric"]: entry for entry in document["data"]}


def test_every_member_of_stats_and_comparisons_is_defined(definitions):
    members = {*Stats.model_fields, *Distribution.model_fields, "exact"}
    members |= {"delta", "ci95", "p_value", "verdict", "more_runs"}

    assert members == set(definitions)


def test_every_definition_says_all(definitions):
    members = [
        "metric", "name", "formula", "unit", "better", "kind", "source", "definition_version",
    ]  # fmt: skip

    for entry in definitions.values():
        assert list(entry) == members
        assert entry["name"]
        assert entry["formula"]
        assert entry["source"]
        assert entry["definition_version"] >= 1


def test_directions_are_those_that_verdicts_use(definitions, api):
    compared = api("usage", user="ada").get("/usage/compare").json()["metrics"]

    said = {entry["metric"]: (entry["better"], entry["unit"]) for entry in compared}
    assert said == {name: (definitions[name]["better"], definitions[name]["unit"]) for name in said}
    assert said["tok_s"] == ("higher", "tokens/s")
    assert said["error_rate"] == ("lower", "1")


def test_401_when_caller_is_nobody(api):
    assert api("usage").get("/usage/definitions").status == 401
