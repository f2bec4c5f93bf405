"""The JSON objects of a model server's stream; no I/O."""

import json
from typing import Any, Final

from evalyard_runner.backends.refusals import failure_of_stream
from evalyard_runner.errors import GenerationError
from evalyard_runner.measure import Sample

Chunk = dict[str, Any]

# Reasons for which vLLM, SGLang and others end an answer that is none.
_GAVE_UP: Final = frozenset({"abort", "aborted", "error"})


def is_json(text: str) -> bool:
    """Whether a text is JSON by itself."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def chunk_of(text: str) -> Chunk:
    """One JSON object of a stream. Raises GenerationError when it is none, or is an error."""
    try:
        chunk = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise _broken("broken JSON") from exc
    if not isinstance(chunk, dict):
        raise _broken("no object")
    if chunk.get("error"):
        raise failure_of_stream(text)
    return chunk


def whole(sample: Sample) -> Sample:
    """The sample, unless the server says that it gave up. Raises GenerationError."""
    if sample.finish_reason in _GAVE_UP:
        why = f"the model server ended the answer: {sample.finish_reason}"
        raise GenerationError("runtime_crash", why, retryable=True)
    return sample


def cut_short() -> GenerationError:
    """For a stream that ended too early."""
    why = "the stream ended before the model was done"
    return GenerationError("runtime_crash", why, retryable=True)


def _broken(what: str) -> GenerationError:
    return GenerationError("runtime_crash", f"the model server streamed {what}", retryable=True)
