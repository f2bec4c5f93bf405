"""The log that goes with a result: the runtime's lines of that job and the runner's own between
them, without the prompt.
"""

import json
from datetime import UTC, datetime
from typing import Final

from evalyard_runner.backends.runtime_log import RuntimeLog
from evalyard_runner.measure import Sample
from evalyard_runner.wire import Claim

_STRUCK_OUT: Final = "[prompt]"
# What is shorter stands in any log by chance.
_SHORTEST: Final = 4


def note_run(log: RuntimeLog, kind: str, sample: Sample) -> None:
    """One line of the runner's own about a run that is done."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    shown = {
        "prompt_tokens": sample.prompt_tokens,
        "cached_tokens": sample.cached_tokens,
        "completion_tokens": sample.completion_tokens,
        "ttft_ms": _rounded(sample.ttft_ms),
        "latency_ms": _rounded(sample.latency_ms),
        "finish_reason": sample.finish_reason,
        "replaced_characters": sample.replaced or None,
    }
    said = " ".join(f"{name}={value}" for name, value in shown.items() if value is not None)
    log.write(f"{now} runner: {kind} done {said}")


def attached_log(text: str, claim: Claim) -> str:
    """The log with the prompt struck out, should a runtime repeat it."""
    for secret in (claim.prompt, claim.system or ""):
        for form in {
            secret,
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
        }:
            if len(form.strip()) >= _SHORTEST:
                text = text.replace(form, _STRUCK_OUT)
    return text


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
