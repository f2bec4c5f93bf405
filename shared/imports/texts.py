"""Bodies that are no data format: tables of llama-bench (Markdown), and logs with JSON in them."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.errors import EvalyardError, Fault, MalformedInput, UnsupportedMedia
from shared.imports.llama_bench_tables import as_result, is_table_row
from shared.imports.records import MAX_RUNS, Record, Records, misfit, records_of_json
from shared.row_bodies import SentRow, check_count

_RULE = re.compile(r"[|:\s-]+\Z")
_BUILD = re.compile(r"^build: (\S+) \((\d+)\)", re.MULTILINE)
_OBSERVED = b"PyTorchObserver {"
_OTHER_TEXTS = (
    (
        "eval rate:",
        "the text of `ollama run --verbose`",
        "send the answer of its API, /api/generate",
    ),
    ("perf_context_print", "a log of llama.cpp", "llama-bench -o json writes runs"),
    ("MLPerf Results Summary", "a summary of MLPerf", "it is over many queries and no run"),
)


class _TableRow(NamedTuple):
    line: int
    header: list[str]
    cells: list[str]

    @property
    def fits(self) -> bool:
        """Whether there is one cell under each header."""
        return len(self.cells) == len(self.header)

    def misfit(self, index: int) -> Fault:
        """What is wrong with a row that does not fit."""
        return misfit(index, self.line, len(self.cells), len(self.header))


def records_of_tables(text: str) -> Records:
    """The rows of tables of llama-bench, named as in its JSON. Raises MalformedInput, TooLarge."""
    build = _BUILD.search(text)
    common = {} if build is None else _build(build)
    rows = list(_rows(text))
    if not rows:
        raise MalformedInput(
            "there is no table of llama-bench, with the columns test and t/s", code="malformed_text"
        )
    check_count(rows, MAX_RUNS)
    return Records(
        [
            Record(
                index, row.line, as_result(dict(zip(row.header, row.cells, strict=True))) | common
            )
            for index, row in enumerate(rows)
            if row.fits
        ],
        tuple(row.misfit(index) for index, row in enumerate(rows) if not row.fits),
    )


def records_of_text(body: bytes, text: str) -> Records:
    """What a log holds of ExecuTorch, or tables. Raises MalformedInput,
    UnsupportedMedia, TooLarge.
    """
    lines = enumerate(body.split(b"\n"), start=1)
    found = [SentRow(_observed(line), number) for number, line in lines if _OBSERVED in line]
    if found:
        return records_of_json(found)
    if next(_rows(text), None) is not None:
        return records_of_tables(text)
    raise _not_read(text)


def _observed(line: bytes) -> bytes:
    """The object after the word; its bracket is a part of what was searched for."""
    return line[line.index(_OBSERVED) + len(_OBSERVED) - 1 :].strip()


def _not_read(text: str) -> EvalyardError:
    for mark, what, instead in _OTHER_TEXTS:
        if mark in text:
            return MalformedInput(f"this is {what}: {instead}", code="malformed_text")
    return UnsupportedMedia(
        "plain text is read where it has lines of PyTorchObserver or a table of llama-bench; "
        "send JSON, JSON lines or CSV with the header Content-Type that says so"
    )


def _build(found: re.Match[str]) -> dict[str, Any]:
    return {"build_commit": found[1], "build_number": int(found[2])}


def _rows(text: str) -> Iterator[_TableRow]:
    """Each line of a table under its header."""
    header: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.strip().startswith("|"):
            header = []
        elif is_table_row(cells):
            header = cells
        elif header and not _RULE.match(line):
            yield _TableRow(number, header, cells)
