"""A model server in a process of its own that writes at a steady pace.

`python -m bench.paced_model` prints its address and serves until its input is closed.
"""

import sys
from collections.abc import Iterator
from typing import Any, Final

from tests.runner.kit.model import FakeModel, content, usage

PREFILL_S: Final = 0.1
# How fast a body's `seed` says; a server's pace where it says nothing.
DEFAULT_RATE: Final = 30


def paced(body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
    """As many tokens as are asked for, `seed` of them a second."""
    tokens, rate = int(body["max_tokens"]), int(body.get("seed") or DEFAULT_RATE)
    yield PREFILL_S
    for number in range(tokens):
        yield content(f"word{number} ")
        yield 1 / rate
    yield content("", finish_reason="length")
    yield usage(completion=tokens)
    yield "data: [DONE]\n\n"


if __name__ == "__main__":
    with FakeModel(paced) as server:
        print(server.url, flush=True)
        sys.stdin.read()
