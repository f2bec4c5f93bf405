"""DNS that says one thing when asked and another when believed."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import forget_caches
from tests.kit.certificates import make_authority
from tests.kit.receiver import running_receiver

PUBLIC = "93.184.215.14"
Answers = Callable[..., list[str]]


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """`dns("1.2.3.4", …)`: what names resolve to from now on; the names that were asked for.

    Several lists, separated by None, are given one after the other; the last one stays.
    """
    real = socket.getaddrinfo
    asked: list[str] = []
    answers: list[list[str]] = [[PUBLIC]]

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if not host.endswith(".example.com"):
                return real(host, port, *args, **kwargs)
        else:
            return real(host, port, *args, **kwargs)
        asked.append(host)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    def say(*addresses: str | None) -> list[str]:
        answers[:] = [[]]
        for address in addresses:
            if address is None:
                answers.append([])
            else:
                answers[-1].append(address)
        asked.clear()
        return asked

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return say


@pytest.fixture
def no_connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where anybody tried to connect to."""
    tried: list[Any] = []

    def connect(_: socket.socket, address: Any) -> None:
        tried.append(address)
        raise OSError("no connections here")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "rebound",
    [
        ["127.0.0.1"],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["100.100.100.200"],
        ["168.63.129.16"],
        ["::1"],
        ["fd00:ec2::254"],
        ["::ffff:169.254.169.254"],
        [PUBLIC, "192.168.0.1"],
    ],
)
def test_nothing_is_connected_to_when_a_name_turns_private_after_submit(
    yard, outbox, ended_job, tries, held_clock, dns, no_connections, rebound
) -> None:
    dns(PUBLIC)
    job_id = ended_job("https://hooks.example.com/x")
    dns(*rebound)

    outbox.deliver_all()

    assert {tried["error"] for tried in tries(job_id)} == {"address_refused"}
    assert len(tries(job_id)) == 7
    assert no_connections == []


def test_each_try_judges_anew_when_a_name_changes_between_tries(
    yard, outbox, ended_job, tries, held_clock, dns, no_connections
) -> None:
    dns(PUBLIC)
    job_id = ended_job("https://hooks.example.com/x")
    asked = dns(PUBLIC, None, "127.0.0.1", None, PUBLIC)

    for _ in range(3):
        message = outbox.take_one()
        held_clock.now_us = message["due_us"]
        yard.deliver(message)

    assert [tried["error"] for tried in tries(job_id)] == [
        "connection_failed",
        "address_refused",
        "connection_failed",
    ]
    assert no_connections == [(PUBLIC, 443), (PUBLIC, 443)]
    assert asked == ["hooks.example.com"] * 3


def test_the_name_is_asked_for_once_and_the_checked_address_connected_to(
    yard, outbox, ended_job, tries, dns, tmp_path, monkeypatch
) -> None:
    authority = make_authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trust))
    monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "true")
    forget_caches()
    with running_receiver(authority.issue("hooks.example.com")) as receiver:
        dns("127.0.0.1")
        job_id = ended_job(f"https://hooks.example.com:{receiver.port}/x")
        asked = dns("127.0.0.1", None, "127.0.0.99")
        yard.deliver(outbox.take_one())

    (tried,) = tries(job_id)
    assert (tried["ok"], asked) == (True, ["hooks.example.com"])
    assert receiver.names == ["hooks.example.com"]
    assert receiver.received[0].headers["host"] == f"hooks.example.com:{receiver.port}"
