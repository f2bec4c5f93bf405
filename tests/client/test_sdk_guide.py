"""What docs/sdk.md and the tour show works, in its order, against the real functions."""

import pytest

from tests.kit.guides import CONNECTS, GUIDE, TOUR, examples


@pytest.mark.exhaustive
def test_every_example_runs_when_the_guide_is_followed(running, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    connecting, *shown = examples()
    assert connecting.endswith(CONNECTS)

    names = {"ev": running}
    for example in shown:
        exec(compile(example, str(GUIDE), "exec"), names)

    assert len(shown) == 6
    assert (tmp_path / "runs.csv").stat().st_size > 200_000


@pytest.mark.exhaustive
def test_the_tour_runs_to_its_end_and_leaves_no_trace(running, capsys) -> None:
    source = TOUR.read_text("utf-8")
    assert source.count(CONNECTS) == 1

    exec(compile(source.replace(CONNECTS, ""), str(TOUR), "exec"), {"ev": running})

    shown = capsys.readouterr().out
    assert "1000 rows, 1000 runs, 0 refused" in shown
    assert "20 runs are gone" in shown
    assert list(running.baselines.list()) == []
    assert list(running.datasets.list()) == []
