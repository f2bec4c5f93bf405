"""What documents point at exists."""

import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "runner").glob("*.md"),
        *(ROOT / "client").glob("*.md"),
    ]
)
DECISIONS = ROOT / "docs" / "decisions"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def _prose(text: str) -> str:
    """A document without its code."""
    text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", lambda code: code[0] if "](" not in code[0] else "", text)


def _anchors(path: Path) -> set[str]:
    """The fragments that headings of a document can be reached by."""
    text = _prose(path.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    named = set(re.findall(r'<a name="(.*?)">', text))
    return named | {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


def test_file_and_heading_exist_when_a_document_links_to_them(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", _prose(document.read_text(encoding="utf-8")))
    local = [link for link in links if not re.match(r"[a-z]+:", link)]

    broken = []
    for link in local:
        name, _, fragment = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (fragment and fragment not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_target_exists_when_a_document_says_make(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    commands = re.findall(r"(?:`|^ *|&& )make ([a-z][a-z0-9-]*)", text, re.MULTILINE)

    assert [name for name in commands if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)] == []


def test_target_exists_when_a_hook_calls_it() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"entry: make ([a-z-]+)$", hooks, re.MULTILINE)

    assert len(entries) == hooks.count("entry:") > 0
    assert [name for name in entries if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)] == []


_AVOIDED = re.compile(
    r"\b(anew|besides?|lies|nobody|owe[sd]?|shall|somebody|tells?|told|whoever)\b", re.IGNORECASE
)


def test_words_are_plain_when_a_guide_is_read() -> None:
    # docs/style.md names these words, to say that they are not used.
    guides = [path for path in DOCUMENTS if path.parent != DECISIONS and path.name != "style.md"]
    found = {path.name: _AVOIDED.findall(path.read_text(encoding="utf-8")) for path in guides}

    assert {name: words for name, words in found.items() if words} == {}


def test_words_are_plain_when_the_api_describes_itself() -> None:
    document = json.loads((ROOT / "functions/health/openapi.json").read_text(encoding="utf-8"))

    assert [text for text in _descriptions(document) if _AVOIDED.search(text)] == []


_PRODUCT = (
    "bench",
    "client/evalyard",
    "functions",
    "layers",
    "local",
    "runner/evalyard_runner",
    "shared",
    "tools",
)
_CODE = [path for folder in _PRODUCT for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.exhaustive
def test_words_are_plain_when_code_explains_itself() -> None:
    found = {
        str(path.relative_to(ROOT)): words
        for path in _CODE
        if (words := [word for text in _texts(path) for word in _AVOIDED.findall(text)])
    }

    assert len(_CODE) > 400
    assert found == {}


def test_words_are_plain_when_the_template_explains_itself() -> None:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")

    assert _AVOIDED.findall(text) == []


def _texts(path: Path) -> Iterator[str]:
    """The comments and strings of a module: docstrings, answers, what `--help` prints."""
    with tokenize.open(path) as source:
        for token in tokenize.generate_tokens(source.readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT):
                yield token.string


def _descriptions(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _descriptions(each)
    elif isinstance(part, dict):
        for name, each in part.items():
            if name in ("description", "summary") and isinstance(each, str):
                yield each
            yield from _descriptions(each)


def test_every_decision_is_listed_once_when_it_is_in_the_folder() -> None:
    listed = re.findall(r"^\| \[\d{4}\]\((.*?)\)", (DECISIONS / "README.md").read_text(), re.M)

    assert listed == sorted(path.name for path in DECISIONS.glob("0*.md"))


def test_decision_opens_with_number_title_and_date_when_written() -> None:
    for path in DECISIONS.glob("0*.md"):
        opening = path.read_text(encoding="utf-8").split("\n")[:3]

        assert re.fullmatch(rf"# {path.name[:4]}: .+", opening[0]), path.name
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", opening[2]), path.name
