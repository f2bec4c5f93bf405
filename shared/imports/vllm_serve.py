"""Results of vLLM's `bench serve --save-result --save-detailed`: one run for each request.

Times are seconds (https://docs.vllm.ai/en/latest/cli/bench/serve.html). `start_times` count
from no known moment, so all requests are of the file's `date`, whose zone it does not say.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.conditions import known_conditions
from shared.imports.format import JSON, Format, Source
from shared.imports.members import RowRefused
from shared.imports.serving import REQUEST_NOTES, REQUEST_SOURCES, has_requests, requests_of

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)\Z", re.ASCII)


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is a result with its single requests."""
    return has_requests(members) and "model_id" in members


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any] | RowRefused]:
    """The requests as rows. Raises RowRefused."""
    same = {
        "ts": _moment(members.get("date")),
        "model": members["model_id"],
        "conditions": known_conditions({_told_of_server(members): members.get("backend")}),
    }
    yield from requests_of(members, same)


def _told_of_server(members: Mapping[str, Any]) -> str:
    """What the tool's `backend` is: the server, or only the interface that it was asked by."""
    return "backend" if str(members.get("backend")).startswith("openai") else "runtime"


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a result."""
    yield "date", "ts of all requests, taken for UTC"
    yield from REQUEST_NOTES


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
        Source("backend", "condition runtime, or backend where it names only an interface"),
        *REQUEST_SOURCES,
    ),
    dropped=("generated_texts", "what is computed over all requests"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
    rows_stand_alone=True,
)
