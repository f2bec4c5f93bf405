"""Results of SGLang's `bench_serving --output-details`: one run for each request.

A result is a line of JSON without a moment; the model is what the server says of itself, where
that is in it (https://docs.sglang.io/docs/developer_guide/bench_serving).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.imports.conditions import known_conditions
from shared.imports.durations import mapping_in
from shared.imports.format import JSON, LINES, Format, Source
from shared.imports.members import RowRefused, word
from shared.imports.serving import REQUEST_NOTES, REQUEST_SOURCES, has_requests, requests_of


def _is_record(members: Mapping[str, Any]) -> bool:
    """Whether it is a result with its single requests; vLLM's names its model itself."""
    return has_requests(members) and "model_id" not in members


def _rows_of(members: Mapping[str, Any]) -> Iterator[dict[str, Any] | RowRefused]:
    """The requests as rows. Raises RowRefused."""
    server = mapping_in(members, "server_info")
    same: dict[str, Any] = {}
    same["model"] = word(server, "served_model_name") or word(server, "model_path")
    said = {
        "runtime": "sglang",
        "runtime_version": server.get("version"),
        "quant": server.get("quantization"),
        "type_kv": server.get("kv_cache_dtype"),
        "context": server.get("context_length"),
    }
    same["conditions"] = known_conditions(said)
    yield from requests_of(members, {**same, "tag": members.get("tag")})


def _notes(_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was assumed of a result."""
    yield from REQUEST_NOTES


FORMAT = Format(
    name="sglang-bench",
    title="SGLang bench_serving --output-details: one run for each request",
    media_types=(LINES, JSON),
    told_by="input_lens, output_lens, ttfts and itls, without model_id",
    sources=(
        Source("server_info.served_model_name, else model_path", "model"),
        Source("tag", "tag"),
        Source("server_info.version", "condition runtime_version"),
        Source("server_info.quantization, context_length", "conditions quant, context"),
        Source("server_info.kv_cache_dtype", "condition type_kv"),
        *REQUEST_SOURCES,
    ),
    dropped=("generated_texts", "what is computed over all requests", "no time is in a result"),
    is_record=_is_record,
    rows_of=_rows_of,
    notes=_notes,
    rows_stand_alone=True,
)
