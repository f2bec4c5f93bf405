"""Every way of botocore to fail becomes one of the product's errors, and tells nothing of AWS."""

import botocore.exceptions
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    ValidationError,
)

from shared.aws import ConditionFailed, ObjectMissing, TransactionLost
from shared.aws.errors import aws_errors
from shared.errors import CallRefused, EvalyardError, Unavailable
from tests.kit.counted import counted

SECRET = "arn:aws:s3:::secret-bucket"


def client_error(code: str, status: int | None = None, *reasons: str) -> ClientError:
    answer = {
        "Error": {"Code": code, "Message": SECRET},
        "ResponseMetadata": {} if status is None else {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(answer, "Operation")  # type: ignore[arg-type]  # botocore's own shape.


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ConditionalCheckFailedException", 400, ConditionFailed),
        ("PreconditionFailed", 412, ConditionFailed),
        ("NoSuchKey", 404, ObjectMissing),
        ("NoSuchVersion", 404, ObjectMissing),
        ("404", 404, ObjectMissing),
        ("TransactionCanceledException", 400, TransactionLost),
        ("ProvisionedThroughputExceededException", 400, Unavailable),
        ("ThrottlingException", 400, Unavailable),
        ("TransactionConflictException", 400, Unavailable),
        ("ConditionalRequestConflict", 409, Unavailable),
        ("SlowDown", 503, Unavailable),
        ("OverLimit", 403, Unavailable),
        ("RequestTimeTooSkewed", 403, Unavailable),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, Unavailable),
        ("InternalError", 500, Unavailable),
        ("Anything", 500, Unavailable),
        ("Anything", None, Unavailable),
        ("ValidationException", 400, CallRefused),
        ("SerializationException", 400, CallRefused),
        ("AccessDenied", 403, CallRefused),
        ("AccessDeniedException", 400, CallRefused),
        ("UnrecognizedClientException", 400, CallRefused),
        ("InvalidParameterValue", 400, CallRefused),
        ("MissingParameter", 400, CallRefused),
        ("PackedPolicyTooLarge", 400, CallRefused),
        ("KeyTooLongError", 400, CallRefused),
        ("NoSuchBucket", 404, CallRefused),
        ("ResourceNotFoundException", 400, CallRefused),
        ("Anything", 400, CallRefused),
    ],
)
def test_code_becomes_our_error(code: str, status: int | None, kind: type[EvalyardError]) -> None:
    with pytest.raises(kind) as failed, aws_errors():
        raise client_error(code, status)

    assert SECRET not in failed.value.detail
    assert isinstance(failed.value.__cause__, ClientError)


def botocore_errors() -> list[type[BotoCoreError]]:
    return [
        value
        for value in vars(botocore.exceptions).values()
        if isinstance(value, type) and issubclass(value, BotoCoreError)
    ]


@pytest.mark.parametrize(
    ("reasons", "kind"),
    [
        (("None", "ConditionalCheckFailed"), TransactionLost),
        (("TransactionConflict",), TransactionLost),
        (("ThrottlingError", "None"), TransactionLost),
        (("None", "ValidationError"), CallRefused),
        (("ItemCollectionSizeLimitExceeded",), CallRefused),
    ],
)
def test_a_transaction_is_our_fault_when_one_of_its_actions_is(
    reasons: tuple[str, ...], kind: type[EvalyardError]
) -> None:
    with pytest.raises(kind), aws_errors():
        raise client_error("TransactionCanceledException", 400, *reasons)


def test_our_fault_is_counted_and_gets_no_time_to_wait(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CallRefused) as failed, aws_errors():
        raise client_error("ValidationException", 400)

    assert failed.value.retry_after_s is None
    assert counted(capsys) == {("AwsCallsRefused", "aws"): 1}


OUR_FAULTS = (NoCredentialsError, ParamValidationError, ValidationError)
PASSING = [kind for kind in botocore_errors() if not issubclass(kind, OUR_FAULTS)]


@pytest.mark.parametrize("kind", OUR_FAULTS, ids=lambda kind: kind.__name__)
def test_what_botocore_refuses_to_send_is_our_fault(kind: type[BotoCoreError]) -> None:
    with pytest.raises(CallRefused), aws_errors():
        raise kind.__new__(kind)


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.__name__)
def test_every_other_error_of_botocore_itself_is_unavailable(kind: type[BotoCoreError]) -> None:
    error = kind.__new__(kind)

    with pytest.raises(Unavailable) as failed, aws_errors():
        raise error

    assert failed.value.retry_after_s == 2


def test_our_own_errors_pass() -> None:
    with pytest.raises(ObjectMissing), aws_errors():
        raise ObjectMissing("x")
