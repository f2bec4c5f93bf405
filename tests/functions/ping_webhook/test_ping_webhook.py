"""Pings: sent now, signed, to where callbacks may go, and not too many of them."""

import json
from collections.abc import Callable, Iterator

import pytest
from standardwebhooks.webhooks import Webhook

from shared.accounts import webhook_secrets
from shared.callbacks import CallbackUrls
from tests.conftest import Api, forget_caches
from tests.kit.gateway import ApiResponse
from tests.kit.receiver import Receiver, running_receiver

Ping = Callable[..., ApiResponse]


@pytest.fixture
def ping(api: Api) -> Ping:
    """`ping(url)`: the answer of a test ping."""

    def send(url: object, user: str = "ada") -> ApiResponse:
        return api("ping_webhook", user=user).post("/accounts/webhook_test", json={"url": url})

    return send


@pytest.fixture
def receiver(settings_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that pings may reach."""
    monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "true")
    forget_caches()
    with running_receiver() as running:
        yield running


def test_a_signed_ping_arrives_when_asked_for(ping, receiver, tables) -> None:
    answer = ping(f"{receiver.url}/hook")

    (received,) = receiver.received
    (secret,) = webhook_secrets(tables["AccountsTable"], "ada")
    told = Webhook(secret).verify(received.body, received.headers)
    said = answer.json()
    assert (answer.status, received.path) == (200, "/hook")
    assert (told["type"], told["data"]) == ("webhook.ping", {"user_id": "ada"})
    assert said.pop("duration_ms") > 0
    assert said == {
        "ok": True,
        "status_code": 200,
        "error": None,
        "webhook_id": received.headers["webhook-id"],
    }


@pytest.mark.parametrize(("status", "error"), [(500, "not_2xx"), (302, "not_2xx"), (410, "gone")])
def test_it_says_so_when_the_receiver_does_not_answer_2xx(ping, receiver, status, error) -> None:
    receiver.status = status

    said = ping(receiver.url).json()

    assert (said["ok"], said["status_code"], said["error"]) == (False, status, error)
    assert len(receiver.received) == 1


def test_it_says_so_when_nobody_listens(ping, receiver) -> None:
    said = ping("http://127.0.0.1:1/").json()

    assert (said["ok"], said["status_code"], said["error"]) == (False, None, "connection_failed")


def test_it_says_so_when_the_host_is_not_known(ping, receiver) -> None:
    said = ping("http://nowhere.invalid/").json()

    assert (said["ok"], said["status_code"], said["error"]) == (False, None, "host_unknown")


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://127.0.0.1/", "https://169.254.169.254/", "file:///x"]
)
def test_it_is_refused_when_callbacks_may_not_go_there(ping, settings_env, url) -> None:
    answer = ping(url)

    assert (answer.status, answer.code) == (422, "callback_url_refused")


def test_it_is_refused_when_the_url_is_no_text(ping, settings_env) -> None:
    assert ping(1).status == 422


def test_it_is_refused_when_a_minute_has_had_its_pings(ping, receiver, held_clock) -> None:
    held_clock.advance(20)
    refused = [ping("https://127.0.0.1/") for _ in range(3)]
    sent = [ping(receiver.url).status for _ in range(7)]

    over = ping(receiver.url)
    others = ping(receiver.url, user="eve").status
    held_clock.advance(int(over.headers["retry-after"]))
    later = ping(receiver.url).status

    assert len(refused) == 3
    assert (over.status, over.code, over.headers["retry-after"]) == (429, "too_many_pings", "40")
    assert (sent, others, later) == ([200] * 7, 200, 200)
    assert len(receiver.received) == 9


def test_a_disabled_url_is_enabled_when_a_ping_succeeds(ping, receiver, tables) -> None:
    urls = CallbackUrls(tables["JobsTable"])
    urls.disable("ada", receiver.url)
    receiver.status = 500
    ping(receiver.url)
    still = urls.disabled("ada", receiver.url)
    receiver.status = 200

    ping(receiver.url)

    assert still
    assert not urls.disabled("ada", receiver.url)


def test_nothing_of_the_answer_is_shown(ping, receiver) -> None:
    receiver.headers = {"X-Inside": "a-secret"}

    assert "a-secret" not in json.dumps(ping(receiver.url).json())
