"""Addresses by which AWS IoT Core lets the holder of some keys connect."""

from typing import Final
from urllib.parse import quote

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SigningKeys

from shared.aws.roles import Credentials

_SERVICE: Final = "iotdevicegateway"
# AWS IoT wants to be called soon after an address was signed, whatever this says.
ADDRESS_VALID_S: Final = 300


def broker_address(endpoint: str, region: str, keys: Credentials) -> str:
    """A `wss://` address by which the holder of the keys may connect, `ws://` on a local cloud.

    AWS IoT wants the session's token after the signature, not under it:
    https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html.
    """
    scheme, socket = ("http", "ws") if is_local(endpoint) else ("https", "wss")
    request = AWSRequest(method="GET", url=f"{scheme}://{endpoint}/mqtt")
    signing = SigningKeys(keys.access_key_id, keys.secret_access_key)
    SigV4QueryAuth(signing, _SERVICE, region, expires=ADDRESS_VALID_S).add_auth(request)
    signed = str(request.url).replace(scheme, socket, 1)
    return signed + _token_parameter(keys.session_token)


def is_local(endpoint: str) -> bool:
    """Whether an endpoint is that of a local cloud, which speaks without TLS."""
    return endpoint.partition(":")[0].endswith(".localhost")


def _token_parameter(token: str) -> str:
    return f"&X-Amz-Security-Token={quote(token, safe='')}" if token else ""
