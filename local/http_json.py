"""JSON over HTTP, as much of it as seeding needs."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from local.errors import LocalCloudError

_WITHIN_S = 125.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]


def call(method: str, url: str, headers: dict[str, str], body: Any = None) -> Answer:
    """Any status is an answer; only silence is an error."""
    data = None if body is None else json.dumps(body).encode()
    sent = headers | ({"Content-Type": "application/json"} if data else {})
    request = urllib.request.Request(url, data=data, headers=sent, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_WITHIN_S) as response:  # noqa: S310
            return Answer(response.status, _object(response.read()))
    except urllib.error.HTTPError as exc:
        return Answer(exc.code, _object(exc.read()))
    except OSError as exc:
        raise LocalCloudError(f"{method} {url}: {exc}") from exc


def _object(content: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(content)
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
