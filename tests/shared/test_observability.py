"""Metrics as CloudWatch reads them out of the log."""

import json

import pytest

from shared.observability import count

AWS = "_aws"


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_NAME", "evalyard-two")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "devices")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Evalyard")


@pytest.mark.parametrize("service", [None, "jobs"])
def test_every_metric_names_its_stack_when_counted_again_and_again(
    capsys: pytest.CaptureFixture[str], service: str | None
) -> None:
    for _ in range(3):
        count("JobsDied", 2, service=service)

    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["stack"] for one in written] == ["evalyard-two"] * 3
    assert [one["service"] for one in written] == [service or "devices"] * 3
    for one in written:
        (metric,) = one[AWS]["CloudWatchMetrics"]
        assert metric["Namespace"] == "Evalyard"
        assert [set(names) for names in metric["Dimensions"]] == [{"stack", "service"}]


def test_no_dimension_is_empty_when_no_stack_is_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STACK_NAME")
    monkeypatch.delenv("POWERTOOLS_SERVICE_NAME")

    count("JobsDied")

    written = json.loads(capsys.readouterr().out)
    assert (written["stack"], written["service"]) == ("none", "none")
