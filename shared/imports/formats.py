"""Which format a record is of: a row in the API's own terms, or what a known tool writes."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.imports import (
    aiperf,
    anthropic,
    batch,
    batched_bench,
    executorch,
    genai_perf,
    guidellm,
    langfuse,
    litellm,
    livekit,
    llama_bench,
    llama_server,
    llama_swap,
    llm_logs,
    llmperf,
    lmstudio,
    localscore,
    ollama,
    openai,
    otlp,
    pocketpal,
    sglang,
    sglang_bench,
    summaries,
    vllm_serve,
)
from shared.imports.format import CSV, JSON, LINES, Format, Source
from shared.imports.members import Note, RowRefused
from shared.runs import SHOWN

ROWS = "rows"
MIXED = "mixed"
# A record with one of these is ours, whatever else is in it.
_OWN = frozenset({"run_id", "ts", "latency_ms", "source_kind"})
CHUNKS = "chunks before the final one: passed over"

Members = Mapping[str, Any]

_TOOLS = tuple(
    module.FORMAT
    for module in (
        llama_bench,
        batched_bench,
        llama_server,
        openai,
        lmstudio,
        anthropic,
        batch,
        ollama,
        sglang,
        vllm_serve,
        sglang_bench,
        aiperf,
        genai_perf,
        guidellm,
        llmperf,
        litellm,
        langfuse,
        llm_logs,
        llama_swap,
        livekit,
        otlp,
        executorch,
        localscore,
        pocketpal,
    )
)
_PLAIN = Format(
    name=ROWS,
    title="Rows in the API's own terms, as the export writes them",
    media_types=(JSON, LINES, CSV),
    told_by="run_id, ts, latency_ms or source_kind; or no other format fits",
    sources=tuple(Source(column.public_name, column.public_name) for column in SHOWN),
    dropped=("members that are neither known nor numbers; other numbers become extras",),
    is_record=lambda _: True,
    rows_of=lambda members: (members,),
)
# Those that can be asked for; summaries are known to be refused.
FORMATS: tuple[Format, ...] = (_PLAIN, *_TOOLS)
_BY_NAME = {known.name: known for known in FORMATS}


def format_of(members: Members, wanted: str | None = None) -> Format:
    """The format of a record, which `wanted` decides where it is given.

    Raises RowRefused where two could have written it, or it is not of the format that is wanted.
    """
    if wanted is not None:
        return _wanted(members, _BY_NAME[wanted])
    if not _OWN.isdisjoint(members):
        return _PLAIN
    found = [tool for tool in (*_TOOLS, summaries.FORMAT) if tool.is_record(members)]
    if len(found) > 1:
        names = " or ".join(tool.name for tool in found)
        detail = f"the record may be of {names}; ?format= decides"
        raise RowRefused("", "format_ambiguous", detail)
    return found[0] if found else _PLAIN


def _wanted(members: Members, wanted: Format) -> Format:
    if not wanted.is_record(members):
        detail = f"the record is not of {wanted.name}, which is recognised by {wanted.told_by}"
        raise RowRefused("", "not_a_run", detail)
    return wanted


def rows_of(
    members: Members, note: Note, wanted: str | None = None
) -> tuple[Format, Iterable[Members | RowRefused]]:
    """A record's format, and its rows; none for what is passed over.

    Raises RowRefused, at the latest when the rows are taken.
    """
    found = format_of(members, wanted)
    if found.is_passed_over(members):
        note(found.name, CHUNKS)
        return found, ()
    for field, treated_as in found.notes(members):
        note(field, treated_as)
    return found, found.rows_of(members)
