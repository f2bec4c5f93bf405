"""The single requests of a serving benchmark, as vLLM and SGLang write them: a list for each
measure, one entry for each request. Times are seconds.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.format import Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_amount, read_count

_LISTS = ("input_lens", "output_lens", "ttfts", "itls")
REQUEST_SOURCES = (
    Source("input_lens", "prompt_tokens", "tokens"),
    Source("output_lens", "completion_tokens", "tokens"),
    Source("ttfts", "ttft_ms", "s"),
    Source("ttfts + itls", "latency_ms", "s"),
    Source("errors", "ok"),
)
REQUEST_NOTES = (
    ("ttfts", "one run for each request"),
    ("itls", "latency_ms: the first token and the times between tokens"),
)


def has_requests(members: Mapping[str, Any]) -> bool:
    """Whether a result has its single requests."""
    return members.keys() >= set(_LISTS)


def requests_of(
    members: Mapping[str, Any], same: Mapping[str, Any]
) -> Iterator[dict[str, Any] | RowRefused]:
    """The requests as rows, with what is the `same` of all; a bad one costs itself only.

    Raises RowRefused where the lists are not of one length.
    """
    lists = [members[name] for name in _LISTS]
    if not all(isinstance(each, list) and len(each) == len(lists[0]) for each in lists):
        raise RowRefused("ttfts", "not_a_list", f"{', '.join(_LISTS)} are lists of one length")
    errors = members.get("errors")
    identity = {name: value for name, value in members.items() if name != "generated_texts"}
    for number, values in enumerate(zip(*lists, strict=True)):
        failed = isinstance(errors, list) and number < len(errors) and bool(errors[number])
        try:
            request = _request(dict(zip(_LISTS, values, strict=True)), failed=failed)
        except RowRefused as exc:
            yield RowRefused(f"{exc.path}/{number}", exc.code, f"request {number}: {exc.detail}")
        else:
            yield {"run_id": record_id(identity, number), **same, **request}


def _request(sent: dict[str, Any], *, failed: bool) -> dict[str, Any]:
    """One request. A first token after no time is none: so it stands where nothing was streamed.

    Raises RowRefused.
    """
    between = sent["itls"] if isinstance(sent["itls"], list) else [sent["itls"]]
    first = read(sent, "ttfts", read_amount)
    rest = [read({"itls": each}, "itls", read_amount) or 0.0 for each in between]
    measured = not failed and bool(first)
    return {
        "prompt_tokens": read(sent, "input_lens", read_count),
        "completion_tokens": read(sent, "output_lens", read_count),
        "ttft_ms": (first or 0.0) * 1000 if measured else None,
        "latency_ms": ((first or 0.0) + sum(rest)) * 1000 if measured else None,
        "ok": not failed,
    }
