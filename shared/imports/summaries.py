"""Summaries over many requests: no run each, so they are refused by name, with what to send."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from shared.imports.members import RowRefused

NAME = "summary"
# Members that only one tool writes together, its name, and which file has the single requests.
_KNOWN: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"mean_ttft_ms", "mean_tpot_ms", "completed"}),
        "the summary of a serving benchmark (vLLM, SGLang)",
        "its single requests are runs: vLLM writes them with --save-detailed",
    ),
    (
        frozenset({"results_ttft_s_mean", "results_num_requests_started"}),
        "an LLMPerf summary",
        "send the file that ends with individual_responses.json, in the names of a run",
    ),
    (
        frozenset({"avg_latency", "latencies", "percentiles"}),
        "a vLLM latency summary",
        "it says neither the model nor when",
    ),
    (
        frozenset({"results_summary", "accelerator_info", "results"}),
        "a LocalScore result",
        "its tests are means of several runs, without a time; send them in the names of a run",
    ),
)


def is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is one of the known summaries."""
    return _found(members) is not None and "itls" not in members


def rows_of(members: Mapping[str, Any]) -> NoReturn:
    """Never a row. Raises RowRefused."""
    what, instead = _found(members) or ("a summary", "send single requests")
    raise RowRefused("", "not_a_run", f"this is {what}, no run: {instead}")


def notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Nothing is assumed of what is refused."""
    return iter(())


def _found(members: Mapping[str, Any]) -> tuple[str, str] | None:
    fitting = ((what, instead) for names, what, instead in _KNOWN if names <= members.keys())
    return next(fitting, None)
