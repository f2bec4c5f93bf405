"""Brings a job's log to the server: with the result when it is short, else by an upload."""

from typing import Any, Final

from evalyard_runner import log
from evalyard_runner.api import DeviceApi
from evalyard_runner.errors import ApiRefusedError, JobGoneError, LeaseLostError, UploadFailedError
from evalyard_runner.wire import Claim

# A result's whole body may have 5 MiB, most of which belongs to the output.
INLINE_BYTES: Final = 256 * 2**10
_TRIES: Final = 2
_NOT_THERE: Final = "log_not_uploaded"


class LogDelivery:
    """One log of one attempt. What was delivered once is not sent again with a repeated report."""

    def __init__(self, api: DeviceApi, claim: Claim, text: str) -> None:
        self._api, self._claim = api, claim
        self._content = text.encode(errors="replace")
        self._fields: dict[str, Any] | None = None

    async def fields(self) -> dict[str, Any]:
        """What `complete` says about the log. Raises what says that the job is lost, or the API
        away.
        """
        if self._fields is None:
            self._fields = await self._deliver()
        return self._fields

    def was_lost(self, refusal: ApiRefusedError) -> bool:
        """Whether a report was refused because the upload is not where it was put; from then on the
        log's end goes with the report.
        """
        if refusal.code != _NOT_THERE:
            return False
        self._fields = self._cut(refusal)
        return True

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
        return self._cut(why)

    async def _upload(self) -> None:
        place = await self._api.log_upload(self._claim, len(self._content))
        await self._api.upload(place, self._content)

    def _cut(self, why: Exception) -> dict[str, Any]:
        """The last part, from the beginning of a line."""
        log.trouble("log_cut", job_id=self._claim.job_id, reason=why)
        kept = self._content[-INLINE_BYTES:].partition(b"\n")[2]
        left_out = len(self._content) - len(kept)
        return {"log": f"({left_out} earlier bytes were left out)\n{kept.decode()}"}
