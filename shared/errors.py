"""What can go wrong in the product, in the product's words.

EvalyardError
├── MalformedInput      the request cannot be read
├── Unauthenticated     no user or device has this credential
├── Forbidden           the caller is known but has not the right
├── NotFound            there is no such thing (for this caller)
├── Conflict            the thing is in another state than the call needs
├── Gone                the thing existed and will not come back
├── TooLarge            a stated limit is exceeded
├── UnsupportedMedia    the body is of a kind that is not read
├── Unacceptable        readable, but not acceptable
├── TooManyRequests     a rate limit is exceeded; try again later
├── DeviceFailed        a device began the work and did not bring it to its end
├── DeviceTimedOut      a device took longer than the caller allows
└── DependencyFailed    a service that we call did not do what we asked
    ├── Unavailable         for the moment: nothing was decided, try again
    └── CallRefused         by our own fault: asked again it refuses again

Concrete errors subclass one of these next to the code that raises them and
set `code`. HTTP statuses are the edge's business (`shared.http.problems`).
"""

from typing import ClassVar

import msgspec


def pointer_step(name: object) -> str:
    """A member's name, or an index, as one step of a JSON Pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with one place of the input.

    `pointer` is a JSON Pointer into the body (or `/query/<name>`); `line` counts
    from 1 and is set where the input has lines; `allowed` lists the values of an
    enumeration.
    """

    pointer: str
    code: str
    detail: str
    line: int | None = None
    allowed: tuple[str, ...] | None = None


class EvalyardError(Exception):
    """Root of all domain errors: a stable `code`, a `detail` for people, and facts."""

    code: ClassVar[str] = "internal"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        faults: tuple[Fault, ...] = (),
        allowed: tuple[str, ...] | None = None,
        retry_after_s: int | None = None,
        **facts: object,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.error_code = code or type(self).code
        self.faults = faults
        self.allowed = allowed
        self.retry_after_s = retry_after_s
        self.facts = facts


class MalformedInput(EvalyardError):
    """The request cannot be read: broken JSON, or a parameter that makes no sense."""

    code = "malformed"


class Unauthenticated(EvalyardError):
    """The credential is missing, unknown, revoked or expired."""

    code = "unauthorized"


class Forbidden(EvalyardError):
    """The caller is known but may not do this."""

    code = "forbidden"


class NotFound(EvalyardError):
    """There is no such thing, or it belongs to another user."""

    code = "not_found"


class Conflict(EvalyardError):
    """The thing is in another state than the call needs."""

    code = "conflict"


class Gone(EvalyardError):
    """The thing existed and will not come back."""

    code = "gone"


class TooLarge(EvalyardError):
    """A stated limit is exceeded; the detail says which."""

    code = "too_large"


class UnsupportedMedia(EvalyardError):
    """The body is of a kind that is not read here."""

    code = "unsupported_media_type"


class Unacceptable(EvalyardError):
    """Well-formed, but not acceptable; `faults` say where."""

    code = "unacceptable"


class TooManyRequests(EvalyardError):
    """A rate limit is exceeded; `retry_after_s` says how long to wait."""

    code = "too_many_requests"


class DeviceFailed(EvalyardError):
    """A device began the work and failed, or was not heard of any more."""

    code = "device_error"


class DeviceTimedOut(EvalyardError):
    """A device did not finish in the time that the caller allows."""

    code = "timeout"


class DependencyFailed(EvalyardError):
    """A service that we call did not do what we asked; raised as one of the two below."""

    code = "unavailable"


class Unavailable(DependencyFailed):
    """A dependency failed before anything was decided; the same call may be repeated."""


class CallRefused(DependencyFailed):
    """What we asked of a service is invalid or not allowed: our fault, and no matter of time."""

    code = "internal"
