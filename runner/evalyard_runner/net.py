"""What a URL says about where it leads, and the client that leads there."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from evalyard_runner.errors import MisconfiguredError


def http_client(base_url: str, **terms: Any) -> httpx.AsyncClient:
    """A client of what is there. Raises MisconfiguredError where the environment's proxies or
    certificates cannot be used.
    """
    try:
        return httpx.AsyncClient(base_url=base_url, trust_env=not is_loopback(base_url), **terms)
    except (httpx.InvalidURL, ImportError, OSError, ValueError) as exc:
        raise MisconfiguredError(
            "a proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) or certificates (SSL_CERT_FILE, "
            f"SSL_CERT_DIR) of the environment cannot be used: {exc}"
        ) from exc


def is_loopback(url: str) -> bool:
    """True for this machine, which no proxy of the environment can reach for us."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_in_the_clear(url: str) -> bool:
    """Whether what is sent there can be read on the way."""
    return urlsplit(url).scheme == "http" and not is_loopback(url)


def is_http(url: str) -> bool:
    """Whether it is an HTTP or HTTPS address with a host."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
