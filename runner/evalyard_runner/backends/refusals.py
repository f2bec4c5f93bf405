"""What a model server's refusal means for the job: which failure, and whether to retry; no I/O.

The codes are those of docs/runners.md. The texts of llama.cpp, Ollama, vLLM and CUDA say more
than their statuses: they all answer 500 for very different failures.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from evalyard_runner.backends.texts import printable
from evalyard_runner.errors import GenerationError

# Lower case; the first code whose words are found counts.
_BY_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "out_of_disk": ("no space left on device", "disk quota exceeded"),
    "runtime_out_of_memory": (
        "kv cache is full",
        "failed to find a memory slot",
        "no available memory for the cache blocks",
        "failed to find free space in the kv cache",
    ),
    "device_out_of_memory": (
        "out of memory",
        "failed to allocate",
        "insufficient memory",
        "requires more system memory",
        "cudamalloc failed",
    ),
    "version_mismatch": (
        "requires a newer version",
        "unknown model architecture",
        "unsupported model version",
    ),
    "model_invalid": (
        "invalid file magic",
        "invalid model file",
        "corrupted or incomplete",
        "unable to load model",
    ),
    "invalid_argument": ("context size has been exceeded", "exceeds the available context"),
    "unsupported": ("does not support", "not supported by this model", "unsupported by this"),
    "throttled": ("server busy", "server is overloaded", "too many requests"),
    "server_unavailable": (
        "model is loading",
        "is currently loading",
        "model is not loaded",
        "no models loaded",
    ),
}
# The device's key or its rights are wrong, not the job: another device may do better. A 404 that
# does not name the model is a wrong path, or a proxy without its server.
_BY_STATUS: Final[Mapping[int, str]] = {
    401: "internal",
    402: "internal",
    403: "internal",
    404: "server_unavailable",
    408: "runtime_crash",
    412: "version_mismatch",
    429: "throttled",
    501: "unsupported",
    502: "server_unavailable",
    503: "server_unavailable",
    507: "out_of_disk",
    521: "server_unavailable",
    522: "server_unavailable",
    523: "server_unavailable",
    529: "throttled",
}
_INCURABLE: Final = frozenset(
    {"invalid_argument", "model_invalid", "model_not_found", "unsupported"}
)
# The server cannot answer now, whatever the job: an attempt that meets this costs the job nothing.
_NOT_NOW: Final = frozenset({"server_unavailable", "throttled"})
# Where the server does not say when to come back: it is asked by a probe before.
_SOON_S: Final = 5.0
# In the words of Ollama, OpenAI, vLLM, llama.cpp, LM Studio, llama-swap and LiteLLM.
_NO_SUCH_MODEL: Final = re.compile(
    r"\bmodel\b.{0,200}?\b(not found|does not exist|doesn't exist|not exist|not available)"
    r"|\b(unknown|no such|invalid) model\b"
    r"|\b(find|for) (real |requested )?model(id)?\b"
    r"|\bmodel_not_found\b"
)


def failure_of_answer(
    status: int, body: str, retry_after_s: float | None = None
) -> GenerationError:
    """For an answer that is no success; `retry_after_s` is what its `Retry-After` says."""
    said = message_of(body)
    code = _code_of_words(said) or _code_of_status(status, body)
    return _failure(code, f"{status} {said}".strip(), retry_after_s)


def failure_of_stream(text: str) -> GenerationError:
    """For an error that came in the middle of a stream, or with status 200."""
    said = message_of(text)
    status = _status_of(text)
    by_status = None if status is None else _code_of_status(status, text)
    return _failure(_code_of_words(said) or by_status or "runtime_crash", said)


def failure_of_connection(why: str) -> GenerationError:
    """For a server that nothing was said to: it is not there, be it updated or started again."""
    return _failure("server_unavailable", f"no connection to the model server: {why}")


def message_of(text: str) -> str:
    """The server's own words; OpenAI, llama.cpp, vLLM and Ollama put them in different places."""
    found = _object(text)
    error = found.get("error")
    inner = error if isinstance(error, dict) else found
    places = (inner.get("message"), error, found.get("detail"))
    words = next(filter(None, places), text)
    return printable(" ".join(str(words).split())[:500])


def _status_of(text: str) -> int | None:
    """Some repeat in the error what the status would have been."""
    found = _object(text)
    code = (found["error"] if isinstance(found.get("error"), dict) else found).get("code")
    return code if isinstance(code, int) and 400 <= code < 600 else None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _failure(code: str, message: str, retry_after_s: float | None = None) -> GenerationError:
    after_s = (_SOON_S if retry_after_s is None else retry_after_s) if code in _NOT_NOW else None
    return GenerationError(code, message, retryable=code not in _INCURABLE, retry_after_s=after_s)


def _code_of_words(message: str) -> str | None:
    said = message.lower()
    found = (code for code, words in _BY_WORDS.items() if any(word in said for word in words))
    return next(found, None)


def _code_of_status(status: int, body: str) -> str:
    """A model that is missing is named in the body; servers say so with 400, too."""
    if status in (400, 404) and _NO_SUCH_MODEL.search(body[:4_000].lower()):
        return "model_not_found"
    by_class = "invalid_argument" if 400 <= status < 500 else "runtime_crash"
    return _BY_STATUS.get(status, by_class)
