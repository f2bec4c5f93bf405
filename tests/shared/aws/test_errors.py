"""Every way of botocore to fail becomes one of the product's errors, and tells nothing of AWS."""

import botocore.exceptions
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import ConditionFailed, ObjectMissing, TransactionLost
from shared.aws.errors import aws_errors
from shared.errors import EvalyardError, Unavailable

SECRET = "arn:aws:s3:::secret-bucket"


def client_error(code: str) -> ClientError:
    answer = {"Error": {"Code": code, "Message": SECRET}, "ResponseMetadata": {}}
    return ClientError(answer, "Operation")  # type: ignore[arg-type]  # botocore's own shape.


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ConditionalCheckFailedException", ConditionFailed),
        ("PreconditionFailed", ConditionFailed),
        ("NoSuchKey", ObjectMissing),
        ("NoSuchVersion", ObjectMissing),
        ("404", ObjectMissing),
        ("TransactionCanceledException", TransactionLost),
        ("ProvisionedThroughputExceededException", Unavailable),
        ("SlowDown", Unavailable),
        ("AccessDenied", Unavailable),
        ("Anything", Unavailable),
    ],
)
def test_code_becomes_our_error(code: str, kind: type[EvalyardError]) -> None:
    with pytest.raises(kind) as failed, aws_errors():
        raise client_error(code)

    assert SECRET not in failed.value.detail
    assert isinstance(failed.value.__cause__, ClientError)


def botocore_errors() -> list[type[BotoCoreError]]:
    return [
        value
        for value in vars(botocore.exceptions).values()
        if isinstance(value, type) and issubclass(value, BotoCoreError)
    ]


@pytest.mark.parametrize("kind", botocore_errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_botocore_itself_is_unavailable(kind: type[BotoCoreError]) -> None:
    error = kind.__new__(kind)

    with pytest.raises(Unavailable) as failed, aws_errors():
        raise error

    assert failed.value.retry_after_s == 2


def test_our_own_errors_pass() -> None:
    with pytest.raises(ObjectMissing), aws_errors():
        raise ObjectMissing("x")
