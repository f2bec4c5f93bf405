"""Pushes of large files over the real functions: in parts, each stored once."""

import io
import json

import httpx
import pytest
from evalyard import AppendInterrupted, Evalyard, TooLarge
from evalyard.cli import exits
from evalyard.cli.running import run
from evalyard.core.appending import Upload
from evalyard.core.kinds import LINES
from evalyard.core.parts import FilePart
from evalyard.core.pushing import Pushing
from evalyard.core.sending import Patience

from tests.client.conftest import TOKEN, InProcess

# Large, so that few rows fill a call; what is in it is not stored.
NOTE = "x" * 240_000


def _lines(rows: int) -> bytes:
    return b"".join(
        json.dumps({"device": "d", "model": "m", "latency_ms": 900.0 + n, "note": NOTE}).encode()
        + b"\n"
        for n in range(rows)
    )


class Cutting(httpx.BaseTransport):
    """Loses the answers of some calls of an import, after they were carried out."""

    def __init__(self, inner: InProcess, lost: set[int]) -> None:
        self._inner = inner
        self._lost = lost
        self._calls = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        self._calls += 1
        if self._calls in self._lost:
            raise httpx.ReadError("reset")
        return answer


@pytest.mark.exhaustive
def test_each_run_is_there_once_when_a_push_is_cut_three_times(transport) -> None:
    content = _lines(45)
    cutting = Cutting(transport, {1, 3, 4})
    ev = Evalyard("https://x.io", TOKEN, transport=cutting, patience=Patience(retries=0))

    resume, cuts = None, 0
    while True:
        try:
            report = ev.usage.push(io.BytesIO(content), name="x.jsonl", resume=resume)
            break
        except AppendInterrupted as error:
            resume, cuts = error.resume, cuts + 1

    assert cuts == 3
    assert report.imported > 0
    assert ev.usage.summary().runs == 45


@pytest.mark.exhaustive
def test_bad_rows_are_named_by_their_place_in_the_file_when_it_goes_in_parts(ev) -> None:
    rows = [json.loads(line) for line in _lines(30).splitlines()]
    rows[25]["latency_ms"] = "slow"

    report = ev.usage.push(io.BytesIO(json.dumps(rows).encode()), name="x.json", tag="t")

    assert (report.received, report.imported, report.rejected) == (30, 29, 1)
    assert [(e.pointer, e.code) for e in report.errors] == [("/rows/25/latency_ms", "not_a_number")]
    assert (len(report.batches), report.format) == (2, "rows")
    for batch in reversed(report.batches):
        ev.datasets.undo(batch)
    assert ev.usage.summary().runs == 0


@pytest.mark.exhaustive
def test_a_document_is_refused_by_its_name_when_it_is_one_piece(ev) -> None:
    requests = 50
    document = {
        "date": "20251203-180000",
        "model_id": "m",
        "input_lens": [10] * requests,
        "output_lens": [20] * requests,
        "ttfts": [0.1] * requests,
        "itls": [[0.01] * 19] * requests,
        "generated_texts": [NOTE[:120_000]] * requests,
    }

    with pytest.raises(TooLarge) as refused:
        ev.usage.push(io.BytesIO(json.dumps(document).encode()), name="results.json")

    assert "results.json is vLLM bench serve" in refused.value.detail
    assert "generated_texts" in refused.value.detail
    assert ev.usage.summary().runs == 0


class Strict(httpx.BaseTransport):
    """A service that takes few records a call, as one does whose records give many runs."""

    def __init__(self) -> None:
        self.taken: list[list] = []
        self.keys: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers["idempotency-key"])
        request.read()
        rows = request.content.split()
        if len(rows) > 3:
            return httpx.Response(413, json={"code": "too_many_rows", "detail": "…"})
        self.taken.append(rows)
        counts = {"received": len(rows), "imported": len(rows), "duplicates": 0, "rejected": 0}
        error = {"pointer": "/rows/0", "code": "odd", "detail": "…"}
        answer = {"batch_id": f"bat_{len(self.taken)}", "format": "rows", "span": None, **counts}
        lists = {"errors": [error], "errors_truncated": False, "assumed": []}
        return httpx.Response(200, json={**answer, **lists})


def test_a_part_is_halved_when_it_gives_more_runs_than_a_call_takes() -> None:
    service = Strict()
    lines = [b'{"n":%d}\n' % n for n in range(10)]
    pushing = Pushing("x.jsonl", Upload.begin(1_767_225_600.0), {}, Patience())

    with Evalyard("https://x.io", TOKEN, transport=service) as ev:
        ev.walk(pushing.send(FilePart([LINES], 100, lines)))

    assert [row + b"\n" for rows in service.taken for row in rows] == lines
    assert len(set(service.keys)) == len(service.keys)
    assert (pushing.report.imported, pushing.report.batch_id) == (10, "bat_4")
    assert [e.pointer for e in pushing.report.errors] == [
        f"/rows/{100 + place}" for place in (0, 2, 5, 7)
    ]


def test_a_line_says_how_to_go_on_when_a_file_of_several_is_cut(
    ev, transport, capsys, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text('[{"latency_ms": 900.0}]')
    (tmp_path / "b.json").write_text('[{"latency_ms": 850.0}]')
    cut = Evalyard(
        "https://x.io",
        TOKEN,
        transport=Cutting(transport, {2}),
        patience=Patience(retries=0),
    )

    code = run(["push", "a.json", "b.json"], lambda **_: cut)

    said = capsys.readouterr().err
    resume = said.rpartition("--resume ")[2].split()[0]
    assert code == exits.OUT_OF_REACH
    assert "done: a.json; leave them out" in said
    assert run(["push", "b.json", "--resume", resume], lambda **_: ev) == exits.GOOD
    assert ev.usage.summary().runs == 2
