"""Where callbacks may go, and where nobody gets them to go."""

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.callbacks import CallbackRefused, check_callback_url
from shared.callbacks.addresses import is_public, read_url, resolve


def answer(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name has these addresses; literals have themselves."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, **kwargs: Any) -> Any:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return [(0, 0, 0, "", (address, port)) for address in addresses]
        return real(host, port, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


HOSTILE = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "",
    "example.com",
    "https://",
    "https:///x",
    "//example.com",
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fec0::1]/",
    "https://[2001:0:1::1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://intranet/",
    "https://example.com:22/",
    "https://example.com:8443/",
    "https://example.com:99999/",
    "https://example.com:x/",
    "https://exa mple.com/",
    "https://example.com/\r\nHost: evil",
    "https://example.com\\@10.0.0.1/",
    "https://[::1",
    "https://[0:0:0:0:0:ffff:7f00:1]/",
    "https://[::ffff:0:7f00:1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2001:470:1f0b:1::5efe:a00:1]/",
    "https://[2606:4700::200:5efe:7f00:1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[100::1]/",
    "https://[v1.x]/",
    "https://[]/",
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "https://192.88.99.1/",
    "https://240.0.0.1/",
    "https://0x7f.1/",
    "https://127.0.0.1./",
    "https://127.0.0.1.:443/",
    "https://１２７.０.０.１/",
    "https://127。0。0。1/",
    "https://ⓛocalhost/",
    "https://localhost。/",
    "https://xn--/",
    "https://a..example.com/",
    "https://.example.com/",
    "https://example.com../",
    "https://ex%61mple.com/",
    "https://example.com%2f@127.0.0.1/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://127.0.0.1?@example.com/",
    "https://example.com:443@127.0.0.1/",
    "https://example.com:0/",
    "https://example.com:-443/",
    "https://example.com:80/",
    "https:/example.com/",
    "https:example.com",
    "HTTPS\t://example.com/",
    "gopher://example.com:443/",
    "https://example.com/\x00",
    "https://example.com/a b",
    "https://[fe80::1%eth0]/",
    "https://{}/".format("a" * 64 + "ü.example.com"),
    "https://" + "a" * 3000 + ".com/",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_it_is_refused_when_a_url_leads_astray(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    answer(monkeypatch, "93.184.215.14")

    with pytest.raises(CallbackRefused):
        check_callback_url(url, allow_private=False)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "10.0.0.1"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["169.254.169.254"],
    ],
)
def test_it_is_refused_when_any_address_of_the_name_is_private(monkeypatch, addresses) -> None:
    answer(monkeypatch, *addresses)

    with pytest.raises(CallbackRefused):
        check_callback_url("https://example.com/", allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hooks/job-finished",
        "https://example.com:443/?a=b",
        "https://bücher.de/",
        "https://1.1.1.1/x",
        "https://[2606:4700::1111]/",
        "https://[2606:4700:0:0:0:0:0:1111]:443/x",
        "HTTPS://EXAMPLE.COM./",
        "https://faß.de/",
        "https://日本語.jp/パス?問=い",
        "https://a_b.example.com/",
        "https://1.2.3.4.example.com/",
    ],
)
def test_it_is_accepted_when_every_address_is_public(monkeypatch, url) -> None:
    answer(monkeypatch, "93.184.215.14", "2606:4700::1111")

    check_callback_url(url, allow_private=False)


def test_the_checked_addresses_are_kept_when_a_name_changes_its_answer(monkeypatch) -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])

    def rebinding(host: str, port: int, **_: Any) -> Any:
        return [(0, 0, 0, "", (address, port)) for address in next(answers)]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    target = resolve("https://example.com/", allow_private=False)

    assert target.addresses == ("93.184.215.14",)
    assert target.host == "example.com"
    with pytest.raises(CallbackRefused):
        resolve("https://example.com/", allow_private=False)


def test_a_name_is_let_pass_at_submit_when_it_does_not_resolve_now(monkeypatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    check_callback_url("https://example.com/", allow_private=False)
    with pytest.raises(CallbackRefused):
        resolve("https://example.com/", allow_private=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://localhost:8080/", "https://10.0.0.1/"]
)
def test_private_addresses_are_accepted_when_allowed(url: str) -> None:
    check_callback_url(url, allow_private=True)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///x", "http://u:p@127.0.0.1/"])
def test_other_schemes_stay_refused_when_private_addresses_are_allowed(url: str) -> None:
    with pytest.raises(CallbackRefused):
        check_callback_url(url, allow_private=True)


@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_judged_as_itself(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    embedded = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x0064FF9B << 96) | number),
    ]

    assert {is_public(each) for each in embedded} == {is_public(address)}
    assert not is_public(ipaddress.IPv6Address((0x2002 << 112) | (number << 80)))


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
        "168.63.129.16",
        "100.100.100.200",
    ],
)
def test_metadata_is_refused_when_private_addresses_are_allowed(host: str) -> None:
    with pytest.raises(CallbackRefused):
        check_callback_url(f"http://{host}/latest", allow_private=True)


@pytest.mark.parametrize(
    ("url", "host", "header"),
    [
        ("https://EXAMPLE.com./", "example.com", "example.com"),
        ("https://bücher.de/", "xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("https://FAß.de/", "xn--fa-hia.de", "xn--fa-hia.de"),
        ("https://[2606:4700:0::1111]:443/", "2606:4700:0::1111", "[2606:4700:0::1111]"),
    ],
)
def test_a_host_is_named_as_dns_and_certificates_do(url: str, host: str, header: str) -> None:
    target = read_url(url, allow_private=False)

    assert (target.host, target.host_header) == (host, header)


@given(st.ip_addresses(v=6))
def test_no_address_is_public_that_is_not_global(address: ipaddress.IPv6Address) -> None:
    assert not is_public(address) or address.is_global


@given(st.text(max_size=80))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    try:
        target = read_url(f"https://{text}", allow_private=False)
    except CallbackRefused:
        return

    assert target.host.isascii()
    assert target.path.isascii()
    assert target.port == 443
