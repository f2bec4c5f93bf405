"""Brings a job's log to the server: with the result when it is short, else by an upload."""

from typing import Any, Final

from evalyard_runner import log
from evalyard_runner.api import DeviceApi
from evalyard_runner.errors import ApiRefusedError, JobGoneError, LeaseLostError, UploadFailedError
from evalyard_runner.wire import Claim

# A result's whole body may have 5 MiB, most of which belongs to the output.
INLINE_BYTES: Final = 256 * 2**10
_TRIES: Final = 2


class LogDelivery:
    """One log of one attempt. What was delivered once is not sent again with a repeated report."""

    def __init__(self, api: DeviceApi, claim: Claim, text: str) -> None:
        self._api, self._claim = api, claim
        self._content = text.encode(errors="replace")
        self._fields: dict[str, Any] | None = None

    async def fields(self) -> dict[str, Any]:
        """What `complete` says about the log. Raises what tells that the job is lost, or the API
        away.
        """
        if self._fields is None:
            self._fields = await self._deliver()
        return self._fields

    async def _deliver(self) -> dict[str, Any]:
        if len(self._content) <= INLINE_BYTES:
            return {"log": self._content.decode()}
        for _ in range(_TRIES):
            try:
                await self._upload()
            except (LeaseLostError, JobGoneError):
                raise
            except (ApiRefusedError, UploadFailedError) as exc:
                why = exc
            else:
                return {"log": None, "log_uploaded": True}
        log.trouble("log_cut", job_id=self._claim.job_id, reason=why)
        return {"log": self._end()}

    async def _upload(self) -> None:
        place = await self._api.log_upload(self._claim, len(self._content))
        await self._api.upload(place, self._content)

    def _end(self) -> str:
        """The last part, from the beginning of a line."""
        kept = self._content[-INLINE_BYTES:].partition(b"\n")[2]
        left_out = len(self._content) - len(kept)
        return f"({left_out} earlier bytes were left out)\n{kept.decode()}"
