"""Importing runs through the entry point: verdicts, duplicates, dry runs, undo."""

import gzip
import json

import pytest

from functions.usage.handler import lambda_handler
from shared.runs import decode_runs
from shared.storage.assembly import compactor
from shared.storage.log import Catalog, SegmentLog, UserLog
from tests.kit.gateway import LambdaContext, read_answer
from tools.template import ROOT

PATH = "/usage/import"
LINES = {"Content-Type": "application/x-ndjson"}
ALL = {"from": "1970-01-02", "to": "2100-01-01", "runs": 1000}
LEAST = {"model": "m", "latency_ms": 900}
ROW = {"ts": "2025-12-03T18:00:00Z", "device": "d1", "model": "m", "latency_ms": 900}


@pytest.fixture
def ada(api):
    return api("usage", user="ada")


@pytest.fixture
def fold(bucket, tables):
    log = UserLog(bucket, Catalog(tables["CatalogTable"]), "ada")
    return lambda: compactor(log).drain(lambda: True)


@pytest.fixture
def undo(api):
    client = api("datasets", user="ada")
    return lambda batch_id: client.post("/user/data/undo", json={"batch_id": batch_id}).json()


def runs_of(client):
    return client.get("/usage", params=ALL).json()["runs"]


def verdict(answer):
    document = answer.json()
    names = ("received", "imported", "duplicates", "rejected")
    return (answer.status, *(document[name] for name in names))


def faults(answer):
    return [(each["pointer"], each["line"], each["code"]) for each in answer.json()["errors"]]


def test_runs_are_in_the_next_answer_when_they_were_imported(ada):
    row = ROW | {
        "run_id": "r1",
        "tag": "t",
        "prompt_tokens": 50,
        "completion_tokens": 120,
        "ttft_ms": 220,
        "ok": False,
        "job_id": "j",
        "dataset": "d",
        "source_kind": "gateway",
        "prompt_preview": "Why?",
        "extra": {"GPU power (W)": 45.5},
    }

    answer = ada.post(PATH, json=[row])

    assert verdict(answer) == (200, 1, 1, 0, 0)
    assert answer.json()["batch_id"].startswith("bat_")
    (run,) = runs_of(ada)
    expected = row | {"ts": 1764784800.0, "tenant": "ada", "tok_s": 119 / 0.68, "conditions": {}}
    assert run == dict.fromkeys(run) | expected


def test_members_have_their_defaults_when_they_are_absent_or_null(ada, held_clock):
    answer = ada.post(PATH, json=[LEAST, LEAST | {"tenant": None, "ok": None}])

    assert verdict(answer) == (200, 2, 2, 0, 0)
    assert answer.json()["assumed"] == [
        {"field": "ts", "treated_as": "absent: the time of the import", "rows": 2}
    ]
    first, second = ada.get("/usage", params={"runs": 9}).json()["runs"]
    assert first["ts"] == held_clock.now_us / 1e6
    assert (first["tenant"], first["ok"], first["source_kind"]) == ("ada", True, "import")
    assert first | {"run_id": 0} == second | {"run_id": 0}
    assert first["run_id"] != second["run_id"]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("member", "pointer", "code"),
    [
        ({"ts": None}, "/ts", "time_missing"),
        ({"ts": "yesterday"}, "/ts", "time_unreadable"),
        ({"ts": True}, "/ts", "time_unreadable"),
        ({"ts": -1}, "/ts", "time_implausible"),
        ({"ts": 353399.7}, "/ts", "time_implausible"),
        ({"ts": "1.76478E+12"}, "/ts", "time_unreadable"),
        ({"ts": 20251203180000}, "/ts", "time_implausible"),
        ({"latency_ms": "900"}, "/latency_ms", "not_a_number"),
        ({"latency_ms": True}, "/latency_ms", "not_a_number"),
        ({"latency_ms": -1}, "/latency_ms", "out_of_range"),
        ({"ttft_ms": [1]}, "/ttft_ms", "not_a_number"),
        ({"tok_s": -0.5}, "/tok_s", "out_of_range"),
        ({"prompt_tokens": 1.5}, "/prompt_tokens", "not_an_integer"),
        ({"prompt_tokens": -1}, "/prompt_tokens", "out_of_range"),
        ({"completion_tokens": 2**63}, "/completion_tokens", "out_of_range"),
        ({"ok": "true"}, "/ok", "not_a_boolean"),
        ({"ok": 1}, "/ok", "not_a_boolean"),
        ({"model": ["m"]}, "/model", "not_a_string"),
        ({"device": "x" * 257}, "/device", "label_too_long"),
        ({"run_id": ""}, "/run_id", "empty"),
        ({"run_id": "x" * 257}, "/run_id", "label_too_long"),
        ({"extra": [1]}, "/extra", "not_an_object"),
        ({"extra": {"a/b": "1"}}, "/extra/a~1b", "not_a_number"),
        ({"extra": {"x" * 257: 1}}, "/extra", "label_too_long"),
        ({"extra": {str(n): n for n in range(257)}}, "/extra", "too_many_extras"),
    ],
)
def test_row_is_named_when_a_member_is_wrong(ada, member, pointer, code):
    answer = ada.post(PATH, json=[ROW, ROW | member])

    assert verdict(answer) == (207, 2, 1, 0, 1)
    assert faults(answer) == [(f"/rows/1{pointer}", 2, code)]
    assert len(runs_of(ada)) == 1


def test_lines_are_judged_one_by_one_when_some_are_no_rows(ada):
    good = json.dumps(ROW).encode()
    body = b'\xef\xbb\xbf\n%s\r\n[1]\nno\n{"ts":"\xff"}\n{"a":"b"}\n{"model":"a","model":"b"}\n'

    answer = ada.post(PATH, content=body % good, headers=LINES)

    assert verdict(answer) == (207, 6, 1, 0, 5)
    assert faults(answer) == [
        ("/rows/1", 3, "not_an_object"),
        ("/rows/2", 4, "invalid_json"),
        ("/rows/3", 5, "invalid_utf8"),
        ("/rows/4", 6, "not_a_run"),
        ("/rows/5", 7, "duplicate_key"),
    ]


def test_further_members_are_named_when_they_become_extras_or_nothing(ada):
    row = ROW | {"gpu_w": 45, "note": "x", "flag": True, "nothing": None, "extra": {"gpu_w": 46}}

    answer = ada.post(PATH, json=[row, ROW | {"gpu_w": 1.5}])

    assert answer.json()["assumed"] == [
        {"field": "gpu_w", "treated_as": "extra", "rows": 2},
        {"field": "note", "treated_as": "ignored", "rows": 1},
        {"field": "flag", "treated_as": "ignored", "rows": 1},
    ]
    assert sorted(run["extra"]["gpu_w"] for run in runs_of(ada)) == [1.5, 46]


@pytest.mark.parametrize("wrap", [lambda rows: {"rows": rows}, lambda rows: {"runs": rows}])
def test_rows_are_found_when_they_lie_in_an_object(ada, wrap):
    assert verdict(ada.post(PATH, json=wrap([ROW, ROW]))) == (200, 2, 2, 0, 0)


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("key", ["k", None])
def test_run_is_a_duplicate_when_its_id_is_there(ada, fold, folded, key):
    rows = [ROW | {"run_id": f"r{n}"} for n in (1, 2, 1)]
    first = ada.post(PATH, json=rows, headers={"Idempotency-Key": key} if key else None)
    if folded:
        fold()

    again = ada.post(PATH, json=[*rows, ROW | {"run_id": "r3"}])

    assert verdict(first) == (200, 3, 2, 1, 0)
    assert verdict(again) == (200, 4, 1, 3, 0)
    assert sorted(run["run_id"] for run in runs_of(ada)) == ["r1", "r2", "r3"]


def test_nothing_is_stored_when_all_is_there(ada, bucket):
    rows = [ROW | {"run_id": "r1"}]
    ada.post(PATH, json=rows)

    again = ada.post(PATH, json=rows)

    assert verdict(again) == (200, 1, 0, 1, 0)
    assert again.json()["batch_id"] is None
    assert len(list(SegmentLog(bucket).pending("ada"))) == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("folded", [True, False])
def test_run_of_an_append_is_a_duplicate_when_it_comes_back(api, ada, fold, folded):
    datasets = api("datasets", user="ada")
    datasets.post("/user/data/save_adapter", json={"dataset": "d"})
    datasets.post("/user/data/append_jsonl", json={"dataset": "d", "rows": [ROW, ROW]})
    if folded:
        fold()
    before = runs_of(ada)

    again = ada.post(PATH, json=before)
    elsewhere = api("usage", user="eve").post(PATH, json=before)

    assert verdict(again) == (200, 2, 0, 2, 0)
    assert runs_of(ada) == before
    assert verdict(elsewhere) == (200, 2, 2, 0, 0)
    assert runs_of(api("usage", user="eve")) == before


@pytest.mark.exhaustive
@pytest.mark.parametrize("folded", [True, False])
def test_import_may_come_again_when_it_was_undone(ada, undo, fold, folded):
    rows = [ROW | {"run_id": f"r{n}", "ts": 1764784800 + n * 86_400} for n in range(3)]
    first = ada.post(PATH, json=rows).json()
    other = ada.post(PATH, json=[ROW]).json()
    if folded:
        fold()

    undone = undo(first["batch_id"])
    left = runs_of(ada)
    again = ada.post(PATH, json=rows)

    assert undone == {"removed_rows": 0, "removed_runs": 3, "already_undone": False}
    assert len(left) == other["imported"]
    assert verdict(again) == (200, 3, 3, 0, 0)
    for _ in range(2):
        assert len(runs_of(ada)) == 4
        fold()
    assert undo(again.json()["batch_id"])["removed_runs"] == 3
    fold()
    assert len(runs_of(ada)) == 1


@pytest.mark.parametrize("folded", [True, False])
def test_verdict_is_the_real_one_when_it_is_a_dry_run(ada, bucket, fold, folded):
    ada.post(PATH, json=[ROW | {"run_id": "r1"}])
    if folded:
        fold()
    rows = [ROW | {"run_id": "r1"}, ROW | {"run_id": "r2"}, ROW, {"ts": None}]

    dry = ada.post(PATH, json=rows, params={"dry_run": 1})
    runs = runs_of(ada)
    real = ada.post(PATH, json=rows)

    assert dry.json()["batch_id"] is None
    assert dry.status == real.status
    shown = dry.json()
    assert shown.pop("sample")[0]["run_id"] == "r2"
    assert shown | {"batch_id": 0} == real.json() | {"batch_id": 0}
    assert len(runs) == 1


@pytest.mark.parametrize("rows", [[ROW, {"ts": None}], [{"ts": None}]])
def test_nothing_is_stored_when_strict_and_a_row_is_bad(ada, bucket, rows):
    answer = ada.post(PATH, json=rows, params={"strict": 1})

    assert (answer.status, answer.code) == (422, "no_row_stored")
    assert faults(answer) == [(f"/rows/{len(rows) - 1}/ts", len(rows), "time_missing")]
    assert answer.json()["imported"] == 0
    assert not list(SegmentLog(bucket).pending("ada"))


def test_errors_are_listed_up_to_a_hundred_when_there_are_more(ada):
    answer = ada.post(PATH, json=[ROW] + [{"ts": None}] * 101)

    assert verdict(answer) == (207, 102, 1, 0, 101)
    assert (len(answer.json()["errors"]), answer.json()["errors_truncated"]) == (100, True)


@pytest.mark.parametrize("body", ["[]", '{"rows":[]}', ""])
def test_422_or_400_when_there_is_nothing(ada, body):
    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) in ((422, "no_rows"), (400, "malformed_json"))


def test_413_when_there_are_too_many_rows(ada):
    body = b"[" + b",".join([b"{}"] * 50_001) + b"]"

    answer = ada.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.code) == (413, "too_many_rows")
    assert answer.json()["limit_rows"] == 50_000


def test_first_answer_comes_again_when_the_key_does(ada):
    headers = {"Idempotency-Key": "k"}

    first = ada.post(PATH, json=[ROW], headers=headers)
    again = ada.post(PATH, json=[ROW], headers=headers)
    other = ada.post(PATH, json=[ROW, ROW], headers=headers)

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert len(runs_of(ada)) == 1


def test_gzip_is_read_when_it_says_so(ada):
    body = gzip.compress(json.dumps([ROW]).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    assert verdict(ada.post(PATH, content=body, headers=headers)) == (200, 1, 1, 0, 0)


def test_415_when_the_body_is_something_else(ada):
    answer = ada.post(PATH, content="x", headers={"Content-Type": "text/plain"})

    assert answer.status == 415


def test_labels_of_the_query_serve_rows_that_have_none(ada):
    ada.post(PATH, json=[{"ts": 1764784800, "device": "mine"}], params={"device": "d", "tag": "t"})

    (run,) = runs_of(ada)
    assert (run["device"], run["model"], run["tag"]) == ("mine", None, "t")


@pytest.mark.exhaustive
def test_many_days_are_there_when_they_came_in_one_call(ada, fold, bucket):
    rows = [ROW | {"run_id": f"r{n}", "ts": 1764784800 - n * 43_200} for n in range(120)]

    answer = ada.post(PATH, json=rows)
    (segment,) = SegmentLog(bucket).pending("ada")
    stored = decode_runs(bucket.get(segment.name.key))
    fold()

    assert verdict(answer) == (200, 120, 120, 0, 0)
    assert {run.batch_id for run in stored} == {segment.name.batch_id}
    assert len(runs_of(ada)) == 120
    assert verdict(ada.post(PATH, json=rows)) == (200, 120, 0, 120, 0)


def test_sample_event_of_the_formats_is_answered_when_it_comes(settings_env):
    event = json.loads((ROOT / "events" / "usage" / "import_formats.json").read_text())

    assert read_answer(lambda_handler(event, LambdaContext())).status == 200


@pytest.mark.parametrize("name", ["import_json", "import_csv"])
def test_sample_event_is_answered_when_it_comes(settings_env, name):
    event = json.loads((ROOT / "events" / "usage" / f"{name}.json").read_text())

    answer = read_answer(lambda_handler(event, LambdaContext()))

    assert verdict(answer) == (200, 2, 2, 0, 0)
    assert "ignored" not in answer.text


def test_public_benchmark_of_the_guide_is_imported_once(ada):
    (path,) = (ROOT / "docs" / "examples").glob("galaxy*.csv")
    headers = {"Content-Type": "text/csv"}

    first = ada.post(PATH, content=path.read_bytes(), headers=headers)
    again = ada.post(PATH, content=path.read_bytes(), headers=headers)

    assert (first.status, first.json()["rejected"], first.json()["duplicates"]) == (200, 0, 0)
    assert first.json()["imported"] > 0
    assert again.json()["duplicates"] == first.json()["imported"]


@pytest.mark.parametrize("guard", ["0", "1"])
def test_nothing_changes_when_an_export_comes_back(api, ada, fold, guard):
    nasty = ["=1+1", "'=1", "-3", "a,b", 'say "x"', "line\r\nbreak", "", None]
    rows = [ROW | {"tag": tag, "ok": False, "extra": {"a,b": 0.1}} for tag in nasty]
    ada.post(PATH, json=[*rows, json.loads(json.dumps(ROW))])
    fold()
    window = {"from": "2025-12-01", "to": "2026-01-01", "guard": guard}
    export = ada.get("/usage/export.csv", params=window).body
    eve = api("usage", user="eve")

    send = {"content": export, "params": {"guard": guard}, "headers": {"Content-Type": "text/csv"}}
    again, elsewhere = ada.post(PATH, **send), eve.post(PATH, **send)

    assert verdict(again) == (200, 9, 0, 9, 0)
    assert verdict(elsewhere) == (200, 9, 9, 0, 0)
    for client in (ada, eve):
        assert client.get("/usage/export.csv", params=window).body == export


def conditions_of(client):
    return [run["conditions"] for run in runs_of(client)]


def test_rows_have_the_querys_conditions_when_they_do_not_say_them(ada):
    own = {"commit": "own", "warm": True}
    rows = [LEAST | {"ts": 1_764_784_801}, LEAST | {"ts": 1_764_784_800, "conditions": own}]

    answer = ada.post(f"{PATH}?cond.commit=4e21337&cond.threads=8&cond.charging=false", json=rows)

    assert answer.status == 200
    said = {"charging": False, "threads": 8}
    assert conditions_of(ada) == [
        said | {"commit": "4e21337"},
        said | own,
    ]


def test_a_row_is_refused_when_the_querys_condition_would_be_its_seventeenth(ada):
    said = {f"option_{letter}": letter for letter in "abcdefghijklmnop"}
    row = LEAST | {"conditions": said}

    refused = ada.post(f"{PATH}?cond.commit=4f2c", json=[row])
    taken = ada.post(f"{PATH}?cond.option_a=z", json=[row])

    assert [fault["code"] for fault in refused.json()["errors"]] == ["condition_invalid"]
    assert (taken.status, conditions_of(ada)) == (200, [said])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"cond.commit={'x' * 129}", "invalid_parameter"),
        ("cond.commit=a&cond.commit=b", "repeated_parameter"),
        ("cond.Commit=a", "unknown_parameter"),
    ],
)
def test_400_is_answered_when_a_condition_of_the_query_cannot_be_one(ada, query, code):
    answer = ada.post(f"{PATH}?{query}", json=[LEAST])

    assert (answer.status, answer.json()["code"]) == (400, code)
