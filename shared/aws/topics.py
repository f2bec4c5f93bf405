"""Messages to topics of AWS IoT Core by HTTPS, from functions that hold no connection to it."""

from functools import cache
from typing import Final
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials as SigningKeys
from botocore.exceptions import BotoCoreError, ConnectionClosedError
from botocore.httpsession import URLLib3Session

from shared.aws.broker_address import is_local
from shared.aws.roles import own_credentials
from shared.config import region
from shared.errors import Unavailable

_SERVICE: Final = "iotdata"
# To connect, and to be answered; who publishes decides how long to wait for that.
_TIMEOUT_S: Final = (1.0, 5.0)
_CONNECTIONS: Final = 4


def publish(endpoint: str, topic: str, payload: bytes) -> None:
    """Publish without acknowledgement (QoS 0): it may be lost, and after a closed connection come
    twice. Raises Unavailable.

    Signed by hand (https://docs.aws.amazon.com/iot/latest/developerguide/http.html): a client of
    botocore for this one call would have its description in every deployment, and would be made
    at every cold start.
    """
    request = AWSRequest(
        "POST", f"{_address(endpoint)}/topics/{quote(topic, safe='')}", data=payload
    )
    keys = own_credentials()
    signing = SigningKeys(keys.access_key_id, keys.secret_access_key, keys.session_token or None)
    SigV4Auth(signing, _SERVICE, region()).add_auth(request)
    try:
        answer = _sent(request)
    except BotoCoreError as exc:
        raise Unavailable(f"the message broker does not answer: {type(exc).__name__}") from exc
    if answer.status_code != 200:
        raise Unavailable(f"the message broker answered {answer.status_code}")


def _sent(request: AWSRequest) -> AWSResponse:
    """The answer; asked once more where a connection turned out to be closed, as those do that were
    open while the function was frozen.
    """
    try:
        return _session().send(request.prepare())
    except ConnectionClosedError:
        return _session().send(request.prepare())


def _address(endpoint: str) -> str:
    """Not every resolver knows names below `localhost`."""
    if is_local(endpoint):
        return f"http://127.0.0.1:{endpoint.rpartition(':')[2]}"
    return f"https://{endpoint}"


@cache
def _session() -> URLLib3Session:
    """Keeps connections open from one message to the next."""
    return URLLib3Session(timeout=_TIMEOUT_S, max_pool_connections=_CONNECTIONS)
