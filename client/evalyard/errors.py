"""What can go wrong, one class per family."""

# EvalyardError
# ├── ConfigurationError      no address or token, an unreadable profile
# ├── OutOfReach              no answer: refused, reset, timed out
# ├── WaitTimeout             a wait for a job took longer than it was given
# ├── JobFailed               a job died or was cancelled, so there is no result
# ├── AppendInterrupted       an upload was cut; it can be resumed
# └── ApiError                the API refused: `status`, `code`, `request_id`, `errors`
#     ├── Unauthorized        401: the credential is missing, unknown, revoked or expired
#     ├── Forbidden           403: a valid credential without the right
#     ├── NotFound            404, 410
#     ├── Conflict            409: the state of the object does not allow it
#     ├── TooLarge            413
#     ├── Invalid             400, 415, 422 and any other 4xx
#     ├── RateLimited         429, after the retries
#     └── ServerError         5xx, after the retries
#         └── UnreadableAnswer  an answer that this version cannot read, whatever its status

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalyard.core.appending import AppendReport
    from evalyard.core.pushing import PushReport
    from evalyard.models import JobRecord, ProblemFault


class EvalyardError(Exception):
    """Every error of this package."""


class ConfigurationError(EvalyardError):
    """The address or the token is missing, or a settings file cannot be read."""


class OutOfReach(EvalyardError):
    """The API did not answer, also after retries. `tries` is how often it was asked."""

    def __init__(self, reason: str, tries: int) -> None:
        super().__init__(f"the API is out of reach: {reason}")
        self.reason = reason
        self.tries = tries


class WaitTimeout(EvalyardError):
    """A job was not finished in time; it goes on. `job` is its last known state."""

    def __init__(self, job: JobRecord, timeout_s: float) -> None:
        super().__init__(f"{job.job_id} is still {job.status} after {timeout_s:g} s")
        self.job = job


class JobFailed(EvalyardError):
    """A job is dead or cancelled. `job.failure` says why, where it was an attempt that failed."""

    def __init__(self, job: JobRecord) -> None:
        reason = f": {job.failure.code}: {job.failure.message}" if job.failure else ""
        super().__init__(f"{job.job_id} is {job.status}{reason}")
        self.job = job


class AppendInterrupted(EvalyardError):
    """An upload was cut. Pass `resume` to `append` or `push` with the same rows to go on.

    `report` says what was stored until then; the error that cut it is the cause.
    """

    def __init__(self, resume: str, report: AppendReport | PushReport, reason: str) -> None:
        super().__init__(f"the upload was cut after {report.received} rows: {reason}")
        self.resume = resume
        self.report = report


class ApiError(EvalyardError):
    """An answer that is an error. Branch on `code`; `errors` name the places of the input.

    `document` is the whole answer, where it is JSON.
    """

    def __init__(  # The facts of a problem document, each by name.
        self,
        *,
        status: int,
        code: str,
        detail: str,
        request_id: str | None = None,
        errors: list[ProblemFault] | None = None,
        allowed: list[str] | None = None,
        retry_after_s: float | None = None,
        document: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.errors = errors or []
        self.allowed = allowed or []
        self.retry_after_s = retry_after_s
        self.document = document or {}


class Unauthorized(ApiError):
    """401: the credential is missing, unknown, revoked or expired."""


class Forbidden(ApiError):
    """403: the credential is valid and may not do this."""


class NotFound(ApiError):
    """404 or 410: it does not exist, or is another user's."""


class Conflict(ApiError):
    """409: the state of the object does not allow it."""


class TooLarge(ApiError):
    """413: the detail says the limit."""


class Invalid(ApiError):
    """400, 415, 422: the request is not acceptable; `errors` say where."""


class RateLimited(ApiError):
    """429, also after the retries."""


class ServerError(ApiError):
    """5xx, also after the retries where there are any."""


class UnreadableAnswer(ServerError):
    """An answer that this version cannot read: the service has another version, or is none."""


_FAMILIES: dict[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    413: TooLarge,
    429: RateLimited,
}


def family(status: int) -> type[ApiError]:
    """The class of an answer's status."""
    return ServerError if status >= 500 else _FAMILIES.get(status, Invalid)
