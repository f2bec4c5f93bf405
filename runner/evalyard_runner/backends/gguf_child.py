"""The child process: loads one GGUF file with xllamacpp and serves it until stdin closes.

One JSON line comes in on stdin (`path`, `threads`, `context`, `parallel`, `key`), one goes out on
stdout (`url`, `load_ms`, or `error`). The key keeps other users of the machine out; it comes by
stdin because `ps` shows arguments.
"""

import importlib
import json
import os
import sys
from time import perf_counter
from typing import Any


def main() -> None:
    """Serve the model that stdin names, until stdin closes."""
    answers = _own_stdout()
    wanted = json.loads(sys.stdin.readline())
    try:
        server, load_ms = _serve(wanted)
    except ImportError:
        _say(answers, error="xllamacpp is not installed: pip install 'evalyard-runner[gguf]'")
        return
    except (RuntimeError, ValueError, OSError):
        _say(answers)
        return
    _say(answers, url=server.listening_address, load_ms=load_ms)
    # Ends when the runner closes the pipe, also when that is because the runner was killed.
    sys.stdin.read()
    os._exit(0)


def _serve(wanted: dict[str, Any]) -> tuple[Any, float]:
    llama: Any = importlib.import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = wanted["path"]
    # llama.cpp divides the context among those that may answer at once.
    params.n_ctx = wanted["context"] * wanted["parallel"]
    params.n_parallel = wanted["parallel"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = wanted["threads"]
    params.api_keys = [wanted["key"]]
    started = perf_counter()
    return llama.Server(params), (perf_counter() - started) * 1000


def _own_stdout() -> int:
    """The real stdout for the one answer; whatever llama.cpp prints there goes to stderr."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def _say(answers: int, **fields: object) -> None:
    os.write(answers, json.dumps(fields).encode() + b"\n")


if __name__ == "__main__":
    main()
