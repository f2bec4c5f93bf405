"""Summaries over many requests, and answers that generated nothing: no runs, so they are refused
by name, with what to send.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from shared.imports.format import Format
from shared.imports.members import RowRefused

# Members that only one tool writes together, its name, and which file has the single requests.
_KNOWN: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"mean_ttft_ms", "mean_tpot_ms", "completed"}),
        "the summary of a serving benchmark (vLLM, SGLang)",
        "its single requests are runs: vLLM writes them with --save-detailed, SGLang with "
        "--output-details",
    ),
    (
        frozenset({"results_ttft_s_mean", "results_num_requests_started"}),
        "an LLMPerf summary",
        "send the file that ends with individual_responses.json",
    ),
    (
        frozenset({"avg_latency", "latencies", "percentiles"}),
        "a vLLM latency summary",
        "it says neither the model nor when",
    ),
    (
        frozenset({"request_throughput", "request_latency", "input_config"}),
        "the summary of AIPerf or GenAI-Perf",
        "send AIPerf's profile_export.jsonl, or GenAI-Perf's profile_export.json",
    ),
    (
        frozenset({"embeddings", "total_duration"}),
        "an embedding of Ollama",
        "nothing was generated",
    ),
    (
        frozenset({"results", "total_evaluation_time_seconds"}),
        "a result of lm-evaluation-harness",
        "it has scores, and no times",
    ),
)


def is_summary(members: Mapping[str, Any]) -> bool:
    """Whether it is one of the known summaries."""
    return _found(members) is not None and "itls" not in members


def _rows_of(members: Mapping[str, Any]) -> NoReturn:
    """Never a row. Raises RowRefused."""
    what, instead = _found(members) or ("a summary", "send single requests")
    raise RowRefused("", "not_a_run", f"this is {what}, no run: {instead}")


def _found(members: Mapping[str, Any]) -> tuple[str, str] | None:
    fitting = ((what, instead) for names, what, instead in _KNOWN if names <= members.keys())
    return next(fitting, None)


FORMAT = Format(
    name="summary",
    title="Summaries over many requests, which are refused by name",
    told_by="members that only one tool writes together",
    sources=(),
    dropped=("all: a mean is no run",),
    is_record=is_summary,
    rows_of=_rows_of,
)
