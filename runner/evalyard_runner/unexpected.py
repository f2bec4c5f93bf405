"""What an exception that nothing foresaw is called: its type and its place, never its message,
which may hold a prompt or a token; no I/O.
"""

from pathlib import Path
from traceback import extract_tb
from typing import Final

from evalyard_runner.errors import GenerationError

_PACKAGE: Final = str(Path(__file__).parent)


def place_of(exc: BaseException) -> str:
    """Type, file and line: where this package was, else where the exception arose."""
    frames = extract_tb(exc.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(_PACKAGE)]
    for frame in (ours or frames)[-1:]:
        return f"{type(exc).__name__} at {Path(frame.filename).name}:{frame.lineno}"
    return type(exc).__name__


def internal(exc: BaseException) -> GenerationError:
    """The failure of an attempt that such an exception ended; elsewhere it may go well."""
    return GenerationError("internal", f"the runner failed: {place_of(exc)}", retryable=True)
