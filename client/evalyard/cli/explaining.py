"""What an error says to those who have to do something about it."""

from __future__ import annotations

from collections.abc import Iterator

from evalyard.errors import ApiError, AppendInterrupted, EvalyardError, OutOfReach


def explained(error: EvalyardError) -> Iterator[str]:
    """Lines: what is wrong, where, what is allowed instead, and which request it was."""
    yield str(error)
    if isinstance(error, AppendInterrupted):
        yield f"to go on: the same command with --resume {error.resume}"
    if isinstance(error, OutOfReach):
        yield "  what to do: `evalyard doctor`"
    if not isinstance(error, ApiError):
        return
    for fault in error.errors[:10]:
        yield f"  {fault.pointer}: {fault.code}: {fault.detail}"
    if error.allowed:
        yield f"  allowed: {', '.join(map(str, error.allowed))}"
    if error.code == "baseline_not_found":
        yield "  to set it: `evalyard baseline set NAME --filter … --reason …` on what is good"
    if error.status == 401:
        yield "  log in again (`evalyard login`), or see `evalyard doctor`"
    if error.request_id:
        yield f"  request {error.request_id}"
