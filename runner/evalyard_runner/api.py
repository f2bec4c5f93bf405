"""The device's side of Evalyard's HTTP API (docs/contract.md, Devices): one method per endpoint."""

import json
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from evalyard_runner import __version__, log
from evalyard_runner.errors import (
    ApiAwayError,
    ApiRefusedError,
    DeviceInUseError,
    DeviceRefusedError,
    GenerationError,
    JobForbiddenError,
    JobGoneError,
    JobLeasedError,
    LeaseLostError,
    UploadFailedError,
)
from evalyard_runner.net import http_client, is_loopback
from evalyard_runner.reachability import Reachability
from evalyard_runner.wire import (
    Claim,
    Session,
    UploadPlace,
    read_claim,
    read_session,
    read_upload_place,
)

_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
# What keeps attempts of the same number apart: of a claim's answer, and of what is said about it.
_FENCE: Final = "X-Evalyard-Attempt"
# AWS allows five minutes, https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html.
_CLOCK_MAY_BE_OFF_S: Final = 240.0
_UPLOAD_TIMEOUT: Final = httpx.Timeout(120.0, connect=5.0)

# The contract promises these pairs of status and code; everything else goes by status alone.
_BY_CODE: Final[Mapping[tuple[int, str], type[ApiRefusedError]]] = {
    (409, "job_leased"): JobLeasedError,
    (409, "lease_lost"): LeaseLostError,
    (409, "device_in_use"): DeviceInUseError,
}
_BY_STATUS: Final[Mapping[int, type[ApiRefusedError]]] = {403: JobForbiddenError, 410: JobGoneError}


class DeviceApi:
    """Everything a device may say to the API. Each call may be repeated without harm.

    `instance` is the name of this process among those that say to be the same device.
    """

    def __init__(self, base_url: str, serial: str, token: str, instance: str) -> None:
        self.serial = serial
        self.instance = instance
        self._path = f"/devices/{quote(serial, safe='')}"
        self._reachability = Reachability()
        self._clock_is_off = False
        # When the API took the last heartbeat, by `time.monotonic`.
        self.beat_s = -math.inf
        self._http = http_client(
            base_url.rstrip("/"),
            headers={
                "X-Device-Token": token,
                "User-Agent": f"evalyard-runner/{__version__}",
                "Content-Type": "application/json",
            },
            timeout=_TIMEOUT,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def report_status(self, status: Mapping[str, Any]) -> str:
        """The device's state as the API sees it, "" when it does not say."""
        answer = await self._accepted("/status", {**status, "instance": self.instance})
        return str(answer.headers.get("X-Evalyard-State", ""))

    async def open_session(self) -> Session:
        """Its length is by the server's clock alone; without a `Date`, by the device's."""
        answer = await self._accepted("/session", {"instance": self.instance})
        server_now = _date(answer)
        self._judge_clock((datetime.now(UTC) - server_now).total_seconds())
        return read_session(_json(answer), server_now)

    def _judge_clock(self, off_s: float) -> None:
        """Say it once when the device's clock goes wrong: AWS then refuses its signatures, and says
        so as if the credentials were wrong.
        """
        is_off = abs(off_s) > _CLOCK_MAY_BE_OFF_S
        if is_off and not self._clock_is_off:
            log.trouble("clock_off", by_s=round(off_s), detail="AWS refuses what is signed so")
        self._clock_is_off = is_off

    async def claim(self, job_id: str) -> Claim:
        answer = await self._accepted(_job(job_id, "claim"), {})
        return read_claim(job_id, _json(answer), answer.headers.get(_FENCE))

    async def heartbeat(self, claim: Claim, telemetry: Mapping[str, Any]) -> bool:
        """True when the job's owner wants it cancelled."""
        said = {"attempt": claim.attempt, "telemetry": telemetry}
        answer = await self._say(claim, "heartbeat", said)
        self.beat_s = time.monotonic()
        return isinstance(answer, dict) and answer.get("cancel") is True

    async def complete(self, claim: Claim, result: Mapping[str, Any]) -> str:
        """The attempt succeeded. Answers the job's status now, "" when the server does not say."""
        said = {"attempt": claim.attempt, **result}
        return _said(await self._say(claim, "complete", said), "status")

    async def log_upload(self, claim: Claim, size: int) -> UploadPlace:
        """Where the attempt's log of so many bytes may be put."""
        said = {"attempt": claim.attempt, "bytes": size}
        return read_upload_place(await self._say(claim, "log_upload", said))

    async def upload(self, place: UploadPlace, content: bytes) -> None:
        """PUT to a signed address, which is not the API: no token goes there. Raises
        UploadFailedError.
        """
        proxied = not is_loopback(place.url)
        try:
            async with httpx.AsyncClient(timeout=_UPLOAD_TIMEOUT, trust_env=proxied) as storage:
                answer = await storage.put(place.url, content=content, headers=place.headers)
        except httpx.HTTPError as exc:
            raise UploadFailedError(type(exc).__name__) from exc
        if not answer.is_success:
            raise UploadFailedError(f"storage answered {answer.status_code}")

    async def fail(self, claim: Claim, failure: GenerationError) -> str:
        """The attempt failed. Answers like `complete`."""
        said: dict[str, Any] = {
            "attempt": claim.attempt,
            "code": failure.code,
            "message": failure.message,
            "retryable": failure.retryable,
        }
        if failure.retry_after_s is not None:
            said["retry_after_s"] = round(failure.retry_after_s, 3)
        return _said(await self._say(claim, "fail", said), "status")

    async def _say(self, claim: Claim, verb: str, body: Mapping[str, Any]) -> Any:
        fence = {} if claim.fence is None else {_FENCE: claim.fence}
        return _json(await self._accepted(_job(claim.job_id, verb), body, fence))

    async def _accepted(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        endpoint = f"api_{path.rpartition('/')[2]}"
        response = await self._answer(path, body, headers)
        if response.is_success and _is_the_apis(response):
            self._reachability.found(endpoint)
            return response
        refusal = _refusal(response)
        if isinstance(refusal, ApiAwayError):
            self._reachability.lost(endpoint, refusal)
        raise refusal

    async def _answer(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None
    ) -> httpx.Response:
        content = _bytes(body)
        try:
            response = await self._http.post(self._path + path, content=content, headers=headers)
        except httpx.HTTPError as exc:
            away = ApiAwayError(f"{type(exc).__name__}: {exc}")
            self._reachability.lost("api", away)
            raise away from exc
        self._reachability.found("api")
        return response


def _bytes(body: Mapping[str, Any]) -> bytes:
    """JSON that is always UTF-8: half a surrogate pair, from whatever source, becomes a `?`."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode(errors="replace")


def _job(job_id: str, verb: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}/{verb}"


def _is_the_apis(response: httpx.Response) -> bool:
    """The API answers with a JSON object, or 204 and nothing. Whatever else comes is another's on
    the way: the login page of a network, or a proxy whose server is gone.
    """
    return response.status_code == httpx.codes.NO_CONTENT or isinstance(_json(response), dict)


def _refusal(response: httpx.Response) -> Exception:
    status = response.status_code
    if not _is_the_apis(response):
        return ApiAwayError(f"{status}, but not by the API")
    problem = _json(response)
    code, detail = _said(problem, "code"), _said(problem, "detail")
    if status == httpx.codes.UNAUTHORIZED:
        return DeviceRefusedError("the API refused the device token")
    if status >= 500 or status in {408, 429} or status < 400:
        return ApiAwayError(f"{status} {code} {detail}".strip())
    kind = _BY_CODE.get((status, code)) or _BY_STATUS.get(status) or ApiRefusedError
    return kind(status, code, detail)


def _said(problem: Any, member: str) -> str:
    return str(problem.get(member) or "")[:200] if isinstance(problem, dict) else ""


def _date(response: httpx.Response) -> datetime:
    try:
        moment = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
