"""What docs/sdk.md shows works, in its order, against the real functions."""

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "sdk.md"
TOUR = GUIDE.parent / "examples" / "tour.py"


@pytest.mark.exhaustive
def test_every_example_runs_when_the_guide_is_followed(running, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.M | re.S)

    names = {"ev": running}
    for example in examples:
        exec(compile(example, str(GUIDE), "exec"), names)

    assert len(examples) == 6
    assert (tmp_path / "runs.csv").stat().st_size > 200_000


@pytest.mark.exhaustive
def test_the_tour_runs_to_its_end_and_leaves_no_trace(running, capsys) -> None:
    source = TOUR.read_text("utf-8")
    connects = "ev = Evalyard()\n"
    assert source.count(connects) == 1

    exec(compile(source.replace(connects, ""), str(TOUR), "exec"), {"ev": running})

    shown = capsys.readouterr().out
    assert "1000 rows, 1000 runs, 0 refused" in shown
    assert "20 runs are gone" in shown
    assert list(running.baselines.list()) == []
    assert list(running.datasets.list()) == []
