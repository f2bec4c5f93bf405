"""Results of vLLM's `bench serve --save-result --save-detailed`: one run for each request.

Times are seconds (https://docs.vllm.ai/en/latest/cli/bench/serve.html). `start_times` count
from no known moment, so all requests are of the file's `date`, whose zone it does not say.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.format import JSON, Format, Source
from shared.imports.identity import record_id
from shared.imports.members import RowRefused, read
from shared.runs import read_amount, read_count

_LISTS = ("input_lens", "output_lens", "ttfts", "itls")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)\Z", re.ASCII)


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is a result with its single requests."""
    return {*_LISTS, "model_id"} <= members.keys()


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The requests as rows. Raises RowRefused."""
    lists = [members[name] for name in _LISTS]
    if not all(isinstance(each, list) and len(each) == len(lists[0]) for each in lists):
        raise RowRefused("ttfts", "not_a_list", f"{', '.join(_LISTS)} are lists of one length")
    errors = members.get("errors")
    same = {"ts": _moment(members.get("date")), "model": members["model_id"]}
    identity = {name: value for name, value in members.items() if name != "generated_texts"}
    for number, values in enumerate(zip(*lists, strict=True)):
        failed = isinstance(errors, list) and number < len(errors) and bool(errors[number])
        yield {"run_id": record_id(identity, number), **same, **_request(values, failed=failed)}


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a result."""
    yield "date", "ts of all requests, taken for UTC"
    yield "ttfts", "one run for each request"
    yield "itls", "latency_ms: the first token and the times between tokens"


def _request(values: tuple[Any, ...], *, failed: bool) -> dict[str, Any]:
    sent = dict(zip(_LISTS, values, strict=True))
    between = sent["itls"] if isinstance(sent["itls"], list) else [sent["itls"]]
    first = read(sent, "ttfts", read_amount)
    rest = [read({"itls": each}, "itls", read_amount) or 0.0 for each in between]
    measured = not failed and first is not None
    return {
        "prompt_tokens": read(sent, "input_lens", read_count),
        "completion_tokens": read(sent, "output_lens", read_count),
        "ttft_ms": (first or 0.0) * 1000 if measured else None,
        "latency_ms": ((first or 0.0) + sum(rest)) * 1000 if measured else None,
        "ok": not failed,
    }


def _moment(date: Any) -> str:
    """The file's date as ISO 8601. Raises RowRefused."""
    found = _DATE.match(date) if isinstance(date, str) else None
    if found is None:
        raise RowRefused("date", "time_unreadable", "date is no time like 20251203-180000")
    return "{}-{}-{}T{}:{}:{}".format(*found.groups())


FORMAT = Format(
    name="vllm",
    title="vLLM bench serve --save-result --save-detailed: one run for each request",
    media_types=(JSON,),
    told_by="input_lens, output_lens, ttfts, itls and model_id",
    sources=(
        Source("date", "ts", "YYYYMMDD-hhmmss, UTC"),
        Source("model_id", "model"),
        Source("input_lens", "prompt_tokens", "tokens"),
        Source("output_lens", "completion_tokens", "tokens"),
        Source("ttfts", "ttft_ms", "s"),
        Source("ttfts + itls", "latency_ms", "s"),
        Source("errors", "ok"),
    ),
    dropped=("generated_texts", "what is computed over all requests"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
)
