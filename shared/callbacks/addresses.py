"""Where callbacks may go: https on port 443 of hosts whose every address is public.

The addresses found here are the ones to connect to; a second look-up of the name
could be given others (DNS rebinding).
"""

import ipaddress
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import idna

from shared.errors import Unacceptable

MAX_URL_CHARACTERS = 2_048
_RESOLVE_S = 3.0
_PORTS = {"https": 443, "http": 80}
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\Z")
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")
_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home", "lan", "arpa")
# A name whose last label is a number is an address in one of its odd forms.
_NUMERIC_LABEL = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z", re.IGNORECASE)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Prefixes under which IPv6 carries an IPv4 address, with the bit where that starts.
_EMBEDDING = (
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
# Interface identifiers of ISATAP: the IPv4 address is the last 32 bits.
_ISATAP = (0x00005EFE, 0x02005EFE)
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "64:ff9b:1::/48",
        "2001::/32",
        # 6to4: not global in newer registries, and so in newer Pythons.
        "2002::/16",
        "fec0::/10",
        "5f00::/16",
        # Some Pythons count parts of this as global; one cloud keeps its metadata there.
        "192.0.0.0/24",
        "192.88.99.0/24",
    )
)
# Where clouds keep what their machines may read: never, whatever is allowed.
_METADATA = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::/32",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
    )
)


class CallbackRefused(Unacceptable):
    """A callback may not go there."""

    code = "callback_url_refused"


class HostUnknown(CallbackRefused):
    """The name does not resolve, at least not now."""


@dataclass(frozen=True)
class Target:
    """A checked URL and the addresses it may be reached at."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...] = ()

    @property
    def host_header(self) -> str:
        """The `Host` header; the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def check_callback_url(url: str, *, allow_private: bool) -> None:
    """Refuse at submit what could never be delivered. Raises CallbackRefused.

    A name that does not resolve now may do so when the job ends, and is let pass.
    """
    try:
        resolve(url, allow_private=allow_private)
    except HostUnknown:
        return


def resolve(url: str, *, allow_private: bool) -> Target:
    """The target of a URL, its name resolved once. Raises CallbackRefused, HostUnknown."""
    target = read_url(url, allow_private=allow_private)
    addresses = _addresses(target.host, target.port)
    if not allow_private and not all(is_public(address) for address in addresses):
        raise CallbackRefused("the callback's host has an address that is not public")
    if any(_is_metadata(address) for address in addresses):
        raise CallbackRefused("the callback's host has a link-local or metadata address")
    return Target(target.scheme, target.host, target.port, target.path, tuple(map(str, addresses)))


def read_url(url: str, *, allow_private: bool) -> Target:
    """The parts of a URL that is acceptable by its looks. Raises CallbackRefused."""
    if len(url) > MAX_URL_CHARACTERS or _UNFIT.search(url):
        raise CallbackRefused("the callback URL is too long or has characters that none may have")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii(parts.hostname or "").removesuffix(".")
        is_literal = ":" in host and ipaddress.IPv6Address(host.partition("%")[0]) is not None
    except ValueError as exc:
        raise CallbackRefused("the callback URL cannot be read") from exc
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes:
        raise CallbackRefused(f"a callback goes to {' or '.join(schemes)}, not {parts.scheme!r}")
    if parts.username is not None or parts.password is not None or "%" in host:
        raise CallbackRefused("a callback URL carries neither credentials nor a zone")
    if not (is_literal or _NAME.match(host)) or is_literal != ("[" in parts.netloc):
        raise CallbackRefused("a callback URL names a host")
    if not allow_private:
        _check_host(host, port)
    path = _ascii_path(parts.path or "/") + (f"?{_ascii_path(parts.query)}" if parts.query else "")
    return Target(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, path)


def is_public(address: Address) -> bool:
    """Whether an address, and any it embeds, is one of the public Internet."""
    if any(address in network for network in (*_NEVER, *_METADATA)):
        return False
    embedded = _embedded(address)
    if embedded is not None:
        # Under 64:ff9b::/96 and its like, what is embedded is what is reached.
        return is_public(embedded)
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    for network, shift in _EMBEDDING:
        if address in network:
            return ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_metadata(address: Address) -> bool:
    embedded = _embedded(address)
    return any(one in network for one in (address, embedded) if one for network in _METADATA)


def _check_host(host: str, port: int | None) -> None:
    labels = host.lower().split(".")
    if labels[-1] in _LOCAL_NAMES or (len(labels) == 1 and ":" not in host):
        raise CallbackRefused("the callback's host is a local name")
    if port not in (None, 443):
        raise CallbackRefused("a callback goes to port 443")
    if _NUMERIC_LABEL.match(labels[-1]) and not _is_dotted_quad(host):
        raise CallbackRefused("the callback's host is an address in an odd form")


def _is_dotted_quad(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _ascii(host: str) -> str:
    """A name as DNS and TLS know it (IDNA 2008, mapped as browsers do). Raises ValueError."""
    return host if host.isascii() else idna.encode(host, uts46=True).decode()


def _ascii_path(path: str) -> str:
    return "".join(char if char.isascii() else quote(char) for char in path)


def _addresses(host: str, port: int) -> list[Address]:
    """All addresses of a name, within a few seconds. Raises HostUnknown."""
    pool = ThreadPoolExecutor(1)
    try:
        found = pool.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        entries = found.result(_RESOLVE_S)
    except (OSError, TimeoutError, UnicodeError) as exc:
        raise HostUnknown("the callback's host is not known") from exc
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in entries)
    return [ipaddress.ip_address(text) for text in texts]
