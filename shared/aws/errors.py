"""AWS errors become the product's here, in one place."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import EvalyardError, Unavailable

_CONDITION_CODES = {"ConditionalCheckFailedException", "PreconditionFailed"}
_MISSING_CODES = {"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404", "NotFound"}
_RETRY_AFTER_S = 2
# SQS keeps a deleted queue's name for a minute.
_NAME_KEPT_CODES = {"QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"}
_NAME_KEPT_S = 60


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


@contextmanager
def aws_errors() -> Iterator[None]:
    """Translate what botocore raises; the original is the cause, never the message.

    A failure that may pass (throttling, 5xx, network) and one that nobody foresaw
    both become Unavailable: the caller cannot mend either.
    """
    try:
        yield
    except ClientError as exc:
        raise _translated(exc) from exc
    except BotoCoreError as exc:
        raise Unavailable("a storage service did not answer", retry_after_s=_RETRY_AFTER_S) from exc


def _translated(exc: ClientError) -> EvalyardError:
    code = exc.response.get("Error", {}).get("Code", "")
    if code in _CONDITION_CODES:
        return ConditionFailed("the stored state is another one")
    if code in _MISSING_CODES:
        return ObjectMissing("there is no such object")
    if code == "TransactionCanceledException":
        reasons = exc.response.get("CancellationReasons", [])
        return TransactionLost(tuple(reason.get("Code", "None") for reason in reasons))
    if code in _NAME_KEPT_CODES:
        detail = "a queue of this name was deleted a moment ago"
        return Unavailable(detail, retry_after_s=_NAME_KEPT_S)
    return Unavailable("a storage service refused or failed", retry_after_s=_RETRY_AFTER_S)
