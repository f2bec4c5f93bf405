"""What docs/sdk.md shows works, in its order, against the real functions."""

import re
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "sdk.md"


def test_every_example_runs_when_the_guide_is_followed(running, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text("utf-8"), re.M | re.S)

    names = {"ev": running}
    for example in examples:
        exec(compile(example, str(GUIDE), "exec"), names)

    assert len(examples) == 6
    assert (tmp_path / "runs.csv").stat().st_size > 200_000
