"""The answer of one call: status and headers first, then the body piece by piece."""

import asyncio
import base64
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec

from shared.lambda_stream.runtime_api import RuntimeApi, RuntimeApiError, Upload

# Between the prelude and the body, https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html.
_SEPARATOR: Final = b"\x00" * 8


class ClientGone(Exception):
    """No one reads the answer any more. AWS does not say so; a local cloud does."""


class StreamedAnswer:
    """Begun once, written to, ended once. `gone` is set when no one reads it any more."""

    def __init__(self, api: RuntimeApi, request_id: str) -> None:
        self._api, self._request_id = api, request_id
        self._upload: Upload | None = None
        self.gone = asyncio.Event()

    @property
    def begun(self) -> bool:
        """Whether status and headers are out."""
        return self._upload is not None

    async def notice_leaving(self) -> None:
        """Set `gone` when the client leaves, where that is said."""
        with suppress(OSError):
            if await self._api.until_left(self._request_id):
                self.gone.set()

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers. Raises ClientGone."""
        prelude = {"statusCode": status, "headers": dict(headers)}
        self._upload = await self._api.open_response(self._request_id)
        await self._send(msgspec.json.encode(prelude) + _SEPARATOR)

    async def write(self, data: bytes) -> None:
        """Send a piece of the body, at once. Raises ClientGone."""
        if data:
            await self._send(data)

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """A whole answer. Raises ClientGone."""
        await self.begin(status, headers)
        await self.write(body)

    async def end(self, error: Exception | None = None) -> None:
        """Finish; with an error the caller of the function learns that the body was cut short."""
        if self._upload is None:
            return
        try:
            if not self.gone.is_set():
                await self._upload.end(None if error is None else _trailers(error))
        except (OSError, RuntimeApiError):
            self.gone.set()
        finally:
            self._upload.close()

    async def _send(self, data: bytes) -> None:
        assert self._upload is not None, "an answer begins before it goes on"
        try:
            if self.gone.is_set():
                raise ClientGone
            await self._upload.send(data)
        except OSError as exc:
            self.gone.set()
            raise ClientGone from exc


def _trailers(error: Exception) -> dict[str, str]:
    kind = type(error).__name__
    body = msgspec.json.encode({"errorType": kind, "errorMessage": "the answer was cut short"})
    return {
        "Lambda-Runtime-Function-Error-Type": f"Function.{kind}",
        "Lambda-Runtime-Function-Error-Body": base64.b64encode(body).decode(),
    }
