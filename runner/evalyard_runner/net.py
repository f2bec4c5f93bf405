"""What a URL says about where it leads; no I/O."""

from typing import Final
from urllib.parse import urlsplit

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(url: str) -> bool:
    """True for this machine, which no proxy of the environment can reach for us."""
    return urlsplit(url).hostname in _LOOPBACK


def is_http(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
