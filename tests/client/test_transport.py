"""The same steps with both clients of httpx: what is sent where, and what is lost."""

import json

import httpx
import pytest
from evalyard import AsyncEvalyard, ConfigurationError, Evalyard, OutOfReach
from evalyard.core.sending import Patience
from evalyard.errors import UnreadableAnswer

from tests.kit.loops import finish

URL = "https://api.example.com/stage"
AT_ONCE = Patience(retries=0)


def _either(asynchronous: bool, handle, act):
    """What `act` gives with one of the two SDKs, over a handler of requests."""
    transport = httpx.MockTransport(handle)
    if not asynchronous:
        with Evalyard(URL, "eyt_x", patience=AT_ONCE, transport=transport) as ev:
            return act(ev)

    async def run():
        async with AsyncEvalyard(URL, "eyt_x", patience=AT_ONCE, transport=transport) as ev:
            return await act(ev)

    return finish(run())


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def either(request):
    return lambda handle, act: _either(request.param, handle, act)


def test_the_token_stays_with_the_api_when_a_file_is_elsewhere(either, tmp_path) -> None:
    seen = []

    def handle(request):
        seen.append(request)
        if request.url.host == "files.example.com":
            return httpx.Response(200, content=b"ts\r\n1\r\n")
        signed = "https://files.example.com/f.csv?X-Amz-Signature=a%2Fb"
        return httpx.Response(303, headers={"location": signed})

    path = either(handle, lambda ev: ev.usage.export(tmp_path / "f.csv"))

    assert path.read_bytes() == b"ts\r\n1\r\n"
    assert seen[0].url.path == "/stage/usage/export.csv"
    assert [each.headers.get("x-user-token") for each in seen] == ["eyt_x", None]
    assert str(seen[1].url).endswith("?X-Amz-Signature=a%2Fb")


def test_it_is_out_of_reach_when_nothing_answers(either) -> None:
    def handle(request):
        raise httpx.ConnectError("refused")

    with pytest.raises(OutOfReach, match="refused"):
        either(handle, lambda ev: ev.whoami())


def test_no_part_of_a_file_is_left_when_its_answer_is_cut(either, tmp_path) -> None:
    class Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self):
            yield b"ts\r\n"
            raise httpx.RemoteProtocolError("cut")

        async def __aiter__(self):
            yield b"ts\r\n"
            raise httpx.RemoteProtocolError("cut")

    with pytest.raises(OutOfReach, match="cut"):
        either(
            lambda request: httpx.Response(200, stream=Cut()),
            lambda ev: ev.usage.export(tmp_path / "f.csv"),
        )

    assert list(tmp_path.iterdir()) == []


def test_it_is_a_matter_of_configuration_when_the_address_cannot_be_used() -> None:
    with pytest.raises(ConfigurationError):
        Evalyard("https://api.example.com:port", "eyt_x").whoami()


def test_rows_of_both_kinds_of_iterables_are_sent_when_it_is_asyncio() -> None:
    sent = []

    def handle(request):
        sent.append(request.read())
        counts = {"received": 2, "appended": 2, "rejected": 0, "errors": []}
        document = {"dataset": "d", "batch_id": "bat_1", "errors_truncated": False, "usage": None}
        return httpx.Response(200, json={**document, **counts})

    async def rows():
        for n in range(2):
            yield {"n": n}

    async def append(ev):
        return [await ev.datasets.append("d", each) for each in (rows(), [{"n": 0}, {"n": 1}])]

    reports = _either(True, handle, append)

    assert [each.appended for each in reports] == [2, 2]
    assert sent[0] == sent[1]


def test_pages_are_asked_for_one_after_the_other_when_a_list_is_iterated(either) -> None:
    cursors = []

    def handle(request):
        cursors.append(request.url.params.get("cursor"))
        last = len(cursors) == 2
        row = {"n": len(cursors)}
        page = {"data": [row], "next_cursor": None if last else "c1", "has_more": not last}
        return httpx.Response(200, content=json.dumps(page))

    def read(ev):
        found = ev.datasets.rows("d")
        if isinstance(ev, Evalyard):
            return list(found)

        async def all_of_them():
            return [row async for row in found]

        return all_of_them()

    assert either(handle, read) == [{"n": 1}, {"n": 2}]
    assert cursors == [None, "c1"]


@pytest.mark.parametrize("sdk", [Evalyard, AsyncEvalyard])
@pytest.mark.parametrize(
    ("name", "value"), [("all_proxy", "ftp://proxy"), ("SSL_CERT_FILE", "/no/such/file")]
)
def test_the_environment_is_named_when_it_cannot_be_used(monkeypatch, sdk, name, value) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match="(?i)" + name):
        sdk(URL, "eyt_x")


def test_no_file_is_written_when_a_page_comes_instead_of_runs(tmp_path) -> None:
    page = httpx.Response(200, html="<html>Please sign in.</html>")
    transport = httpx.MockTransport(lambda _: page)

    with pytest.raises(UnreadableAnswer, match="a page came instead of runs"):
        Evalyard("https://a.example", "eyt_1", transport=transport).usage.export(tmp_path / "a.csv")

    assert not list(tmp_path.iterdir())
