"""What a model server's refusal means for the job: which failure, and whether to retry; no I/O."""

import json

from evalyard_runner.errors import GenerationError

_OUT_OF_MEMORY = (
    "out of memory",
    "failed to allocate",
    "insufficient memory",
    "requires more system memory",
)


def failure_of_answer(status: int, body: str) -> GenerationError:
    """For an answer that is no success."""
    message = f"{status} {_message(body)}".strip()
    if _tells_of_memory(body):
        return GenerationError("device_out_of_memory", message, retryable=True)
    if status == 404:
        return GenerationError("model_not_found", message, retryable=False)
    if status == 429:
        return GenerationError("throttled", message, retryable=True)
    # The device's key or its rights are wrong, not the job: another device may do better.
    if status in {401, 402, 403}:
        return GenerationError("internal", message, retryable=True)
    if 400 <= status < 500:
        return GenerationError("invalid_argument", message, retryable=False)
    return GenerationError("runtime_crash", message, retryable=True)


def failure_of_stream(text: str) -> GenerationError:
    """For an error that came in the middle of a stream."""
    code = "device_out_of_memory" if _tells_of_memory(text) else "runtime_crash"
    return GenerationError(code, _message(text), retryable=True)


def _tells_of_memory(text: str) -> bool:
    return any(words in text.lower() for words in _OUT_OF_MEMORY)


def _message(text: str) -> str:
    """The server's own words; OpenAI, llama.cpp and Ollama put them in different places."""
    try:
        error = json.loads(text)["error"]
        words = error["message"] if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError):
        words = text
    return " ".join(str(words).split())[:500]
