"""AWS errors become the product's here, in one place."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    ValidationError,
)

from shared.errors import CallRefused, EvalyardError, Unavailable
from shared.observability import count

_CONDITION_CODES = {"ConditionalCheckFailedException", "PreconditionFailed"}
_MISSING_CODES = {"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404", "NotFound"}
_RETRY_AFTER_S = 2
# SQS keeps a deleted queue's name for a minute.
_NAME_KEPT_CODES = {"QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"}
_NAME_KEPT_S = 60
# With these a service answers 400 or 403 and means "not now": it is busy, the thing is being
# changed or was deleted a moment ago, or a clock or a credential ran out. (Botocore's own list
# of throttling codes, and what else the services' models and error pages say.)
_PASSING_CODES = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "ExpiredToken",
        "ExpiredTokenException",
        "KmsThrottled",
        "KMS.ThrottlingException",
        "LimitExceededException",
        "OperationAborted",
        "OverLimit",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "QueueDoesNotExist",
        "ReplicatedWriteConflictException",
        "RequestExpired",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeTooSkewed",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceInUseException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_PASSING_STATUSES = (409, 429)
# Why one action cancels its transaction: by our own fault, others are lost races.
_REFUSED_REASONS = {"ValidationError", "AccessDenied", "ItemCollectionSizeLimitExceeded"}
# What botocore refuses before it asks anybody.
_REFUSED_HERE = (ParamValidationError, ValidationError, NoCredentialsError)


class ConditionFailed(EvalyardError):
    """A conditional write found another state than it required."""

    code = "condition_failed"


class TransactionLost(Unavailable):
    """A transaction was cancelled, nothing was written; `reasons` has a code per item, in order."""

    code = "transaction_lost"

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("another change was made at the same moment; repeat the call")
        self.reasons = reasons

    @property
    def only_crossed(self) -> bool:
        """Whether it merely met another write at the same moment: no condition spoke against it."""
        return "TransactionConflict" in self.reasons and (
            "ConditionalCheckFailed" not in self.reasons
        )


class ObjectMissing(EvalyardError):
    """There is no object (or no such version) at this key."""

    code = "object_missing"


class _Translation:
    """What `aws_errors` does; as a generator it took ten times as long at each call of AWS."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing is needed."""

    def __exit__(self, _: object, exc: BaseException | None, __: object) -> None:
        """Raise what an error of botocore means to us."""
        if isinstance(exc, ClientError):
            raise translated(exc) from exc
        if isinstance(exc, _REFUSED_HERE):
            raise call_refused() from exc
        if isinstance(exc, BotoCoreError):
            detail = "a storage service did not answer"
            raise Unavailable(detail, retry_after_s=_RETRY_AFTER_S) from exc


_translation = _Translation()


def aws_errors() -> _Translation:
    """Translate what botocore raises; the original is the cause, never the message.

    A failure that may pass (throttling, 5xx, network) becomes Unavailable. What AWS
    calls invalid or forbidden is our fault and comes back however often it is repeated:
    CallRefused, counted for an alarm.
    """
    return _translation


def translated(exc: ClientError) -> EvalyardError:
    """What an answer of AWS that is an error means to us."""
    code = exc.response.get("Error", {}).get("Code", "")
    if code in _CONDITION_CODES:
        return ConditionFailed("the stored state is another one")
    if code in _MISSING_CODES:
        return ObjectMissing("there is no such object")
    if code == "TransactionCanceledException":
        return _cancelled(exc)
    if code in _NAME_KEPT_CODES:
        detail = "a queue of this name was deleted a moment ago"
        return Unavailable(detail, retry_after_s=_NAME_KEPT_S)
    if is_our_fault(code, exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)):
        return call_refused()
    return Unavailable("a storage service failed", retry_after_s=_RETRY_AFTER_S)


def is_our_fault(code: str, status: int = 400) -> bool:
    """Whether an error says that the call was wrong, so that repeating it is of no use."""
    return 400 <= status < 500 and status not in _PASSING_STATUSES and code not in _PASSING_CODES


def call_refused() -> CallRefused:
    """Our fault, counted: an alarm says that our code or our rights are wrong."""
    count("AwsCallsRefused", service="aws")
    return CallRefused("a dependency refused the call; the request id identifies it in the logs")


def _cancelled(exc: ClientError) -> EvalyardError:
    reasons = exc.response.get("CancellationReasons", [])
    codes = tuple(reason.get("Code", "None") for reason in reasons)
    return call_refused() if _REFUSED_REASONS.intersection(codes) else TransactionLost(codes)
