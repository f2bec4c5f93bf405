"""What a record is: a row in the API's own terms, or what a known tool writes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.imports import (
    aiperf,
    anthropic,
    batched_bench,
    executorch,
    llama_bench,
    llama_server,
    ollama,
    openai,
    requests,
    summaries,
    vllm_serve,
)
from shared.imports.members import Note, RowRefused

ROWS = "rows"
MIXED = "mixed"
# Whoever writes these means them, whatever else is there.
_OWN = frozenset({"run_id", "ts", "latency_ms", "source_kind"})
CHUNKS = "chunks before the final one: passed over"

Members = Mapping[str, Any]


def _never(_: Members) -> bool:
    return False


@dataclass(frozen=True)
class Format:
    """What a tool writes: how it is told, and how it becomes rows in the API's terms."""

    name: str
    is_record: Callable[[Members], bool]
    rows_of: Callable[[Members], Iterable[Members]]
    notes: Callable[[Members], Iterator[tuple[str, str]]]
    is_passed_over: Callable[[Members], bool] = _never


_TOOLS = (
    Format(llama_bench.NAME, llama_bench.is_record, llama_bench.rows_of, llama_bench.notes),
    Format(ollama.NAME, ollama.is_record, ollama.rows_of, ollama.notes, ollama.is_passed_over),
    Format(
        llama_server.NAME,
        llama_server.is_record,
        llama_server.rows_of,
        llama_server.notes,
        llama_server.is_passed_over,
    ),
    Format(openai.NAME, openai.is_record, openai.rows_of, openai.notes, openai.is_passed_over),
    Format(anthropic.NAME, anthropic.is_record, anthropic.rows_of, anthropic.notes),
    Format(requests.LITELLM, requests.is_litellm, requests.litellm_rows, requests.notes),
    Format(requests.LANGFUSE, requests.is_langfuse, requests.langfuse_rows, requests.notes),
    Format(requests.LLM, requests.is_llm, requests.llm_rows, requests.notes),
    Format(aiperf.NAME, aiperf.is_record, aiperf.rows_of, aiperf.notes),
    Format(executorch.NAME, executorch.is_record, executorch.rows_of, executorch.notes),
    Format(batched_bench.NAME, batched_bench.is_record, batched_bench.rows_of, batched_bench.notes),
    Format(vllm_serve.NAME, vllm_serve.is_record, vllm_serve.rows_of, vllm_serve.notes),
    Format(summaries.NAME, summaries.is_record, summaries.rows_of, summaries.notes),
)
_PLAIN = Format(ROWS, lambda _: True, lambda members: (members,), lambda _: iter(()))


def format_of(members: Members) -> Format:
    """The format of a record. Raises RowRefused where two could have written it."""
    if not _OWN.isdisjoint(members):
        return _PLAIN
    found = [tool for tool in _TOOLS if tool.is_record(members)]
    if len(found) > 1:
        names = " or ".join(tool.name for tool in found)
        raise RowRefused("", "format_ambiguous", f"the record may be of {names}")
    return found[0] if found else _PLAIN


def rows_of(members: Members, note: Note) -> tuple[str, Iterable[Members]]:
    """The name of a record's format, and its rows; none for what is passed over.

    Raises RowRefused, at the latest when the rows are taken.
    """
    found = format_of(members)
    if found.is_passed_over(members):
        note(found.name, CHUNKS)
        return found.name, ()
    for field, treated_as in found.notes(members):
        note(field, treated_as)
    return found.name, found.rows_of(members)
