"""What all streamed answers share: when they begin, that they never fall silent, how they end.

Status and headers leave with the first text, or ten seconds after the call came: until then it can
still be refused by its status.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from shared.gateway import ListenerGone, Up
from shared.lambda_stream import ClientGone, StreamedAnswer

_BEGINS_AFTER_S: Final = 10.0
_SPEAKS_EVERY_S: Final = 10.0
STREAMED: Final[Mapping[str, str]] = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


class Stream:
    """One streamed answer on its way; `comment` is what says only that it goes on."""

    def __init__(
        self, answer: StreamedAnswer, headers: Mapping[str, str], arrived: float, comment: bytes
    ) -> None:
        self._answer, self._headers = answer, {**headers, **STREAMED}
        self._arrived, self._comment = arrived, comment
        self._held: list[bytes] = []
        self._spoke_at = arrived

    @property
    def begun(self) -> bool:
        """Whether status and headers are out."""
        return self._answer.begun

    def hold(self, piece: bytes) -> None:
        """Something that waits for what comes next."""
        self._held.append(piece)

    async def write(self, piece: bytes) -> None:
        """Send what is held and this. Raises ListenerGone."""
        whole, self._held = b"".join([*self._held, piece]), []
        self._spoke_at = asyncio.get_running_loop().time()
        try:
            if not self._answer.begun:
                await self._answer.begin(200, self._headers)
            await self._answer.write(whole)
        except ClientGone as exc:
            raise ListenerGone from exc

    async def wait(self, frame: Up) -> None:
        """A frame came that has no text."""
        now = asyncio.get_running_loop().time()
        if frame.k in ("alive", "queued", "accepted", "started") and self._is_due(now):
            await self.write(b"" if self._held else self._comment)

    def _is_due(self, now: float) -> bool:
        if not self._answer.begun:
            return now - self._arrived >= _BEGINS_AFTER_S
        return bool(self._held) or now - self._spoke_at >= _SPEAKS_EVERY_S
