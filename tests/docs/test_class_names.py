"""One name means one thing: no two classes of one program have the same."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each knows nothing of the others' code, so that their words may be the same.
PROGRAMS = {
    "product": ("functions", "shared"),
    "runner": ("runner/evalyard_runner",),
    "local": ("local",),
    "bench": ("bench",),
    "tools": ("tools",),
}
SAME_ON_PURPOSE = {
    "Settings": "what a function reads of its environment, in the words of this function",
    "ExtraField": "an adapter's extra: as the API reads and shows it, and as it is kept",
    "SeriesSummary": "a metric's summary: as the API shows it, and as it is computed",
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("folders", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_class_has_a_name_of_its_own_when_it_is_public(folders: tuple[str, ...]) -> None:
    found = defaultdict(list)
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(ROOT)))

    several = {name: paths for name, paths in found.items() if len(paths) > 1}
    assert {name: paths for name, paths in several.items() if name not in SAME_ON_PURPOSE} == {}


def test_exception_is_struck_off_when_its_name_is_not_shared_any_more() -> None:
    product = [path for folder in PROGRAMS["product"] for path in (ROOT / folder).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in product]

    for name in SAME_ON_PURPOSE:
        assert sum(f"\nclass {name}" in text for text in texts) > 1, name
