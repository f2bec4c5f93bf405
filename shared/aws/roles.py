"""Short-lived credentials that may do only what an inline session policy says."""

from typing import Any

import msgspec

from shared.aws.clients import client, session_keys
from shared.aws.errors import aws_errors
from shared.clock import to_us


class Credentials(msgspec.Struct, frozen=True):
    """Temporary AWS credentials; `expires_at_us` in microseconds since the epoch."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at_us: int


def own_credentials() -> Credentials:
    """What this process calls AWS with at the moment; when it ends is not known."""
    keys = session_keys()
    return Credentials(keys.access_key, keys.secret_key, keys.token or "", 0)


def assume_role(
    role_arn: str, session_name: str, policy: dict[str, Any], duration_s: int
) -> Credentials:
    """Assume a role narrowed to `policy` (at most 2,048 characters of JSON).

    A function's own role does the assuming, so AWS caps the duration at one hour.
    """
    with aws_errors():
        answer = client("sts").assume_role(
            RoleArn=role_arn,
            RoleSessionName=session_name,
            Policy=msgspec.json.encode(policy).decode(),
            DurationSeconds=duration_s,
        )["Credentials"]
    return Credentials(
        answer["AccessKeyId"],
        answer["SecretAccessKey"],
        answer["SessionToken"],
        to_us(answer["Expiration"]),
    )
