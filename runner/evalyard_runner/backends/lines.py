"""Cuts bytes into lines that end with LF, CR or both, and with nothing else; no I/O.

`str.splitlines` also cuts at U+2028, U+0085 and more, which stand in JSON texts as they are.
"""

import re
from typing import Final

from evalyard_runner.errors import GenerationError

_END: Final = re.compile(rb"\r\n|\r|\n")
_LONGEST_BYTES: Final = 64 * 2**20


class Lines:
    """Fed with what arrives, in any pieces. Bytes that are no UTF-8 become lone surrogates, so
    that a character cut by the server can be put together later (`texts.joined`).
    """

    def __init__(self, longest_bytes: int = _LONGEST_BYTES) -> None:
        self._pieces: list[bytes] = []
        self._held, self._longest_bytes = 0, longest_bytes
        self._after_cr = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that these bytes complete. Raises GenerationError for a line without end."""
        if self._after_cr:
            data = data.removeprefix(b"\n")
        self._after_cr = data.endswith(b"\r")
        first, *more = _END.split(data)
        self._hold(first)
        if not more:
            return []
        whole = [self.rest(), *map(_text, more[:-1])]
        self._hold(more[-1])
        return whole

    def rest(self) -> str:
        """What came after the last end of a line; it is taken out."""
        line = b"".join(self._pieces)
        self._pieces, self._held = [], 0
        return _text(line)

    def _hold(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > self._longest_bytes:
            why = f"the model server streamed a line of more than {self._longest_bytes} bytes"
            raise GenerationError("runtime_crash", why, retryable=True)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
