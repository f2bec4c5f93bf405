"""Bodies that are no data format: tables of llama-bench (Markdown), and logs with JSON in them."""

import re
from collections.abc import Iterator
from typing import Any

from shared.errors import EvalyardError, MalformedInput, UnsupportedMedia
from shared.imports.numbers import number_of
from shared.imports.records import MAX_RUNS, Record, Records, records_of_json
from shared.row_bodies import SentRow, check_count

# How llama-bench heads its tables, and what it calls the same in JSON.
_COLUMNS = {
    "model": "model_type",
    "backend": "backends",
    "ngl": "n_gpu_layers",
    "threads": "n_threads",
    "sm": "split_mode",
    "mg": "main_gpu",
    "nkvo": "no_kv_offload",
    "nopo": "no_op_offload",
    "fa": "flash_attn",
    "mmap": "use_mmap",
    "dio": "use_direct_io",
    "embd": "embeddings",
    "ts": "tensor_split",
    "ot": "tensor_buft_overrides",
    "dev": "devices",
}
# They say of a model what its name says, in units of their own.
_NOT_READ = ("size", "params")
_TEST = re.compile(r"(?:pp(\d+))?\+?(?:tg(\d+))?(?: @ d(\d+))?\Z", re.ASCII)
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


def records_of_tables(text: str) -> Records:
    """The rows of tables of llama-bench, named as in its JSON. Raises MalformedInput, TooLarge."""
    build = _BUILD.search(text)
    common = {} if build is None else _build(build)
    rows = [(line, _members(header, cells) | common) for line, header, cells in _rows(text)]
    if not rows:
        raise MalformedInput(
            "there is no table of llama-bench, with the columns test and t/s", code="malformed_text"
        )
    check_count(rows, MAX_RUNS)
    return Records([Record(index, line, row) for index, (line, row) in enumerate(rows)])


def records_of_text(body: bytes, text: str) -> Records:
    """What a log holds of ExecuTorch, or tables. Raises MalformedInput,
    UnsupportedMedia, TooLarge."""
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


def _rows(text: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """Each line of a table under its header, with the number of the line."""
    header: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.strip().startswith("|"):
            header = []
        elif {"test", "t/s"} <= set(cells):
            header = cells
        elif header and not _RULE.match(line):
            yield number, header, cells


def _members(header: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        return {}
    named = dict(zip(header, cells, strict=True))
    test, speed = named.pop("test"), named.pop("t/s")
    known = {
        _COLUMNS.get(name, name): _value(cell)
        for name, cell in named.items()
        if name not in _NOT_READ
    }
    return known | _measured(test, speed)


def _measured(test: str, speed: str) -> dict[str, Any]:
    found = _TEST.match(test)
    if found is None:
        return {}
    mean, _, deviation = speed.partition("±")
    prompt, generated, depth = (int(digits or 0) for digits in found.groups())
    said: dict[str, Any] = {"n_prompt": prompt, "n_gen": generated, "n_depth": depth}
    return said | {"avg_ts": number_of(mean), "stddev_ts": number_of(deviation)}


def _value(cell: str) -> int | float | str:
    found = number_of(cell)
    return cell if found is None else found
