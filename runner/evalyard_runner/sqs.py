"""SQS as the runner needs it: receive one message, extend it, give it back, delete it.

The only module that knows botocore. Its calls block, so they run in threads.
"""

import asyncio
import os
from dataclasses import dataclass, field
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from evalyard_runner.errors import CredentialsStaleError, QueuesAwayError
from evalyard_runner.wire import Session

_CREDENTIALS_REFUSED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# The message is already deleted, or was received by another device: nothing is left to do.
_MESSAGE_NOT_OURS: Final = frozenset(
    {"ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue"}
)
# What the device's owner set up for other programs (AWS_PROFILE, ~/.aws) is none of this one's: a
# profile that is gone would keep it from its queues, and another endpoint would get its messages.
_NOT_OF_THE_OWNER: Final = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@dataclass(frozen=True)
class Received:
    """A message in this device's hands until its visibility runs out."""

    queue_url: str
    body: str
    receipt: str = field(repr=False)


class Sqs:
    """A client that lives as long as the session's credentials."""

    def __init__(self, session: Session) -> None:
        self._visibility_s = session.visibility_s
        self._client: Any = botocore.session.Session(_NOT_OF_THE_OWNER).create_client(
            "sqs",
            region_name=session.region,
            endpoint_url=session.endpoint_url,
            aws_access_key_id=session.access_key_id,
            aws_secret_access_key=session.secret_access_key,
            aws_session_token=session.session_token,
            config=Config(
                connect_timeout=5,
                read_timeout=25,
                # Few retries here: the pull loop backs off by itself and says so.
                retries={"total_max_attempts": 2, "mode": "legacy"},
                defaults_mode="legacy",
                ignore_configured_endpoint_urls=True,
                use_fips_endpoint=False,
                use_dualstack_endpoint=False,
            ),
        )

    async def receive(self, queue_url: str, wait_s: int) -> Received | None:
        """At most one message: what could not run at once would only count as a failed delivery."""
        answer = await self._call(
            "receive_message",
            QueueUrl=queue_url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=wait_s,
            VisibilityTimeout=self._visibility_s,
        )
        for message in answer.get("Messages", ()):
            return Received(queue_url, message["Body"], message["ReceiptHandle"])
        return None

    async def extend(self, message: Received) -> None:
        await self._set_visibility(message, self._visibility_s)

    async def give_back(self, message: Received, after_s: int = 0) -> None:
        """Give it back: it is hidden for so many seconds, then any device receives it."""
        await self._set_visibility(message, after_s)

    async def delete(self, message: Received) -> None:
        await self._call(
            "delete_message", QueueUrl=message.queue_url, ReceiptHandle=message.receipt
        )

    async def _set_visibility(self, message: Received, seconds: int) -> None:
        await self._call(
            "change_message_visibility",
            QueueUrl=message.queue_url,
            ReceiptHandle=message.receipt,
            VisibilityTimeout=seconds,
        )

    async def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await asyncio.to_thread(
                getattr(self._client, operation), **arguments
            )
            return answer
        except ClientError as exc:
            return _answer_to(operation, exc)
        # A page that something on the way shows is no answer that can be parsed.
        except (BotoCoreError, ResponseParserError) as exc:
            raise QueuesAwayError(f"{type(exc).__name__}: {exc}") from exc


def _answer_to(operation: str, error: ClientError) -> dict[str, Any]:
    code = str(error.response.get("Error", {}).get("Code", "")).rpartition(".")[2]
    if code in _MESSAGE_NOT_OURS and operation != "receive_message":
        return {}
    if code in _CREDENTIALS_REFUSED:
        raise CredentialsStaleError(code) from error
    raise QueuesAwayError(code or str(error)) from error
