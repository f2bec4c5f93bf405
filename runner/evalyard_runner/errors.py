"""What can go wrong in a runner, sorted by what the runner does about it.

RunnerError
├── MisconfiguredError            ends the runner before it connects (exit code 2)
├── DeviceRefusedError            token or serial refused by the API: ends the runner (exit code 3)
├── ApiAwayError                  network, 5xx, 429, a login page: back off and try again
├── ApiRefusedError               any other 4xx
│   ├── JobForbiddenError         403: not for this device; leave the message
│   ├── JobGoneError              410: cancelled, finished, removed; delete the message
│   ├── JobLeasedError            409 job_leased: another device runs it; leave the message
│   ├── DeviceInUseError          409 device_in_use: another process is this device; wait
│   └── LeaseLostError            409 lease_lost: stop, report nothing, leave the message
├── UploadFailedError             the log's storage did not take it: attach the end of it instead
├── QueuesAwayError               SQS does not answer: back off and try again
│   └── CredentialsStaleError     SQS refuses the credentials: fetch a new session first
└── GenerationError               the model's run failed; carries the failure to report
"""


class RunnerError(Exception):
    """Everything this package raises on purpose."""


class MisconfiguredError(RunnerError):
    """Flags, files or the backend are unusable; the message is the one line the user sees."""


class DeviceRefusedError(RunnerError):
    """The API does not accept this token, or not for this serial."""


class ApiAwayError(RunnerError):
    """The API did not answer, another did in its place, or it asked to come back later."""


class ApiRefusedError(RunnerError):
    """The API answered, and the answer was no."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"{status} {code} {detail}".strip())
        self.status = status
        self.code = code
        self.detail = detail

    @property
    def is_about_the_words(self) -> bool:
        """Whether what was said is refused, not the device that said it."""
        return self.status in {400, 413, 415, 422}


class JobForbiddenError(ApiRefusedError):
    """The job is not one this device may run."""


class JobGoneError(ApiRefusedError):
    """The job was cancelled, or has ended."""


class JobLeasedError(ApiRefusedError):
    """Another device holds the job."""


class DeviceInUseError(ApiRefusedError):
    """Another process is this device, or was until a minute ago."""


class LeaseLostError(ApiRefusedError):
    """The attempt this device worked on has passed to another device."""


class UploadFailedError(RunnerError):
    """A signed address did not take what it was signed for."""


class QueuesAwayError(RunnerError):
    """SQS did not answer, or asked to come back later."""


class CredentialsStaleError(QueuesAwayError):
    """SQS does not accept the session's credentials any more."""


class GenerationError(RunnerError):
    """An attempt failed; `code` is one of those in docs/runners.md.

    `retry_after_s`: the server cannot answer now and can after so long; None for other failures.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after_s = retry_after_s
