"""The CPU time of an append's handler without AWS, against a floor that does much less.

The floor parses the body with orjson, adds the server's members to each row and dumps
the lines. The handler also answers HTTP, judges every row (duplicate keys, depth, size),
keeps the text of numbers, and converts every row to a run with two extras.
"""

import contextlib
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.client
import orjson
import pytest

from bench.load import ENVIRONMENT, adapter_items, append_event, body
from bench.section import Section
from tests.kit.gateway import LambdaContext

SIZES = {1: 400, 100: 200, 1_000: 100, 5_000: 40}
_META = {
    "_meta_user_id": "ada",
    "_meta_dataset": "my_server_metrics",
    "_meta_ts": "2025-12-03T18:00:00.000Z",
    "_meta_batch_id": "bat_01KAJ6K1QZ2X3Y4Z5A6B7C8D9E",
}


def floor(content: bytes) -> bytes:
    """The least that an append must do, with the quickest library for it."""
    lines = []
    for row in orjson.loads(content)["rows"]:
        row.update(_META)
        lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(lines)


def run() -> Section:
    """Handler against floor, interleaved in random order; medians of CPU time."""
    # What the handler logs is its work; where the log goes is not.
    with (
        without_aws() as handler,
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        rows = [measured(handler, size, rounds) for size, rounds in SIZES.items()]
    return Section(
        "Append: handler CPU without AWS time",
        ("rows", "floor ms", "handler ms", "ratio", "µs a row"),
        rows,
        "Floor: parse the body with orjson, add the server's members, dump the lines.",
    )


def measured(handler: Callable[..., Any], size: int, rounds: int) -> dict[str, Any]:
    """The handler against the floor with so many rows a call."""
    content = body(size)
    event, raw = append_event(content), content.encode()

    def append() -> None:
        answer = handler(event, LambdaContext())
        assert answer["statusCode"] == 200, answer

    took: dict[str, list[int]] = {"floor": [], "handler": []}
    subjects = [("floor", lambda: floor(raw)), ("handler", append)]
    for _ in range(rounds):
        for name, subject in random.sample(subjects, len(subjects)):
            started = time.process_time_ns()
            subject()
            took[name].append(time.process_time_ns() - started)
    floor_ms, handler_ms = (statistics.median(took[name]) / 1e6 for name in ("floor", "handler"))
    return {
        "rows": size,
        "floor ms": floor_ms,
        "handler ms": handler_ms,
        "ratio": handler_ms / floor_ms,
        "µs a row": handler_ms * 1_000 / size,
    }


@contextlib.contextmanager
def without_aws() -> Iterator[Callable[..., Any]]:
    """The datasets function's handler, with AWS answering at once."""
    # Some appends, by chance, also count what is pending (decision 0085).
    answers = {"BatchGetItem": adapter_items(), "PutObject": {}, "ListObjectsV2": {}}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setattr(
            botocore.client.BaseClient, "_make_api_call", lambda _, name, __: answers[name]
        )
        from functions.datasets.handler import lambda_handler

        yield lambda_handler
