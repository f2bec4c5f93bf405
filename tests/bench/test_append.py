"""The benchmark of appends measures appends that are answered."""

from bench.append import measured, without_aws


def test_figures_are_there_when_appends_are_measured():
    with without_aws() as handler:
        found = measured(handler, size=2, rounds=40)

    assert found["rows"] == 2
    assert found["ratio"] > 1
