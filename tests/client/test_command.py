"""The command over the real functions: what it prints where, and its exit codes."""

import gzip
import io
import json
import os
import re
import sys
from types import SimpleNamespace

import pytest
from evalyard.cli import exits, sources
from evalyard.cli.gate_reports import label
from evalyard.cli.running import run
from evalyard.core.appending import MAX_ROWS
from evalyard.core.sending import Patience

from tests.client.conftest import InProcess
from tests.kit.yard import Yard

LLAMA_BENCH = {
    "build_commit": "4f2c1d9",
    "build_number": 4567,
    "model_filename": "m.gguf",
    "model_type": "llama 1B Q4_0",
    "model_size": 636_000_000,
    "model_n_params": 1_100_000_000,
    "backends": "CPU",
    "n_threads": 4,
    "n_prompt": 0,
    "n_gen": 128,
    "test_time": "2026-11-28T10:00:00Z",
    "avg_ns": 2_000_000_000,
    "stddev_ns": 1_000_000,
    "avg_ts": 64.0,
    "stddev_ts": 0.1,
}


class Done:
    """What one call left: exit code, stdout, stderr."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def rows(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def command(running, capsys, monkeypatch, tmp_path):
    """`command("jobs", "list")`; JSON lines are printed, as no terminal is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    running.patience = Patience(retries=0)

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(list(arguments), lambda **_: running)
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def builds(command, tmp_path):
    """Eight runs each of build one, of two, which is a fifth slower, and of one again as three."""
    rows = [
        {"device": "d", "model": "m", "latency_ms": base + n % 3, "conditions": {"build": build}}
        for build, base in (("one", 900.0), ("two", 1_080.0), ("three", 900.0))
        for n in range(8)
    ]
    (tmp_path / "runs.json").write_text(json.dumps(rows))
    (tmp_path / "evalyard.toml").write_text(
        'baseline = "main"\n[[rules]]\nmetric = "latency_ms"\nmax_regression_pct = 5\n'
    )
    assert command("push", "runs.json").code == 0
    assert (
        command(
            "baseline", "set", "main", "--reason", "release", "--filter", "cond.build=one"
        ).rows[0]["runs"]
        == 8
    )
    return command


@pytest.mark.parametrize(
    ("build", "verdict", "code"),
    [("three", "pass", 0), ("two", "fail", 1), ("none", "no_data", 4)],
)
def test_the_exit_code_is_the_verdict_when_a_candidate_is_gated(
    builds, build, verdict, code
) -> None:
    done = builds("gate", "--filter", f"cond.build={build}")

    assert (done.rows[0]["verdict"], done.code) == (verdict, code)
    for kind in ("table", "json", "csv", "md"):
        assert builds("gate", "--filter", f"cond.build={build}", "--format", kind).code == code


def test_an_interval_is_two_rounded_numbers_when_people_read_it(builds) -> None:
    done = builds("gate", "--filter", "cond.build=two", "--format", "table")

    [row] = [line for line in done.out.splitlines() if " latency_ms " in line]
    assert re.search(r" 19\.\d\d, 20\.\d\d ", row), row


@pytest.mark.parametrize(("inconclusive", "code"), [("pass", 0), ("fail", 3)])
def test_an_inconclusive_gate_is_as_it_was_asked_for_when_runs_are_too_noisy(
    builds, tmp_path, inconclusive, code
) -> None:
    rows = [
        {"device": "d", "model": "m", "latency_ms": ms, "conditions": {"build": "noisy"}}
        for ms in (500, 1_400, 600, 1_300, 900, 1_000)
    ]
    (tmp_path / "noisy.json").write_text(json.dumps(rows))
    builds("push", "noisy.json")

    done = builds("gate", "--filter", "cond.build=noisy", "--inconclusive", inconclusive)

    assert (done.rows[0]["verdict"], done.code) == ("inconclusive", code)


def test_it_is_not_comparable_when_a_required_condition_differs(builds, tmp_path) -> None:
    with (tmp_path / "evalyard.toml").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write('require_same = ["build"]\n' + text)

    assert builds("gate", "--filter", "cond.build=two").code in (
        exits.NOT_COMPARABLE,
        exits.REGRESSION,
    )
    assert builds("gate", "--filter", "cond.build=three").code == exits.NOT_COMPARABLE


def test_github_gets_summary_outputs_and_annotations_when_it_runs_there(
    builds, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))

    done = builds("gate", "--filter", "cond.build=two", "--github", "--junit", "junit.xml")

    assert "| d | m | latency_ms |" in (tmp_path / "summary").read_text()
    assert "verdict=fail\n" in (tmp_path / "output").read_text()
    assert "::error title=Evalyard::d, m: latency_ms +20.0 %25: fail" in done.err
    assert 'failures="1"' in (tmp_path / "junit.xml").read_text()


@pytest.mark.exhaustive
def test_more_jobs_are_run_when_they_decide(command, running, yard: Yard, tmp_path) -> None:
    spread = iter([200.0, 210.0, 230.0, 190.0, 205.0])

    def complete(job_id, attempt, **fields):
        metrics = {"prompt_tokens": 12, "completion_tokens": 41, "latency_ms": next(spread)}
        body = {"attempt": attempt, "output": "Yes.", "metrics": metrics}
        return yard.say("complete", job_id, **body)

    running.complete = complete
    for tag in ("a", "b"):
        for _ in range(2):
            assert command("run", "-m", "m", "-p", "?", "--device", "dev-1", "--tag", tag).code == 0
    command("baseline", "set", "main", "--reason", "a", "--filter", "tag=a")
    (tmp_path / "evalyard.toml").write_text(
        'min_runs = 2\n[[rules]]\nmetric = "latency_ms"\nmax_regression_pct = 8\n'
    )
    gate = ("gate", "--baseline", "main", "--filter", "tag=b")
    assert command(*gate).rows[0]["verdict"] == "inconclusive"

    done = command(*gate, "--confirm", "1")

    assert done.rows[0]["series"][0]["n_b"] == 3


def test_output_and_metrics_are_shown_when_a_prompt_is_run(command) -> None:
    done = command("run", "-m", "m", "-p", "Why?", "--device", "dev-1", "--cond", "threads=4")

    assert done.code == 0
    assert done.rows[0]["output"] == "Why?"
    assert done.rows[0]["conditions"]["threads"] == 4
    assert "/api/jobs/job_" in done.err
    table = command("run", "-m", "m", "-p", "Why?", "--format", "table").out
    assert table.startswith("Why?\n")
    assert "metrics.tok_s" in table


def test_devices_and_jobs_are_listed_when_all_or_some_are_asked_for(command) -> None:
    command("run", "-m", "m", "-p", "Why?", "--detach")

    for words in (("devices",), ("jobs", "list"), ("jobs", "dlq")):
        every, none = command(*words), command(*words, "-m", "no-such-model")
        assert (every.code, none.code, none.rows) == (0, 0, [])
        assert bool(every.rows) == (words[-1] != "dlq")


def test_the_exit_code_says_so_when_a_job_is_cancelled_or_not_finished(
    command, running, monkeypatch
) -> None:
    running.complete = None
    detached = command("run", "-m", "m", "-p", "Why?", "--detach")
    job_id = detached.rows[0]["job_id"]

    assert command("jobs", "cancel", job_id).rows[0]["status"] == "cancelled"
    assert command("jobs", "result", job_id).code == exits.JOB_FAILED
    late = command("run", "-m", "m", "-p", "Why?", "--timeout", "0.01")
    assert late.code == exits.TIMED_OUT
    assert command("jobs", "list", "--status", "queued").rows[0]["status"] == "queued"


def test_one_prompt_is_needed_when_a_job_is_run(command) -> None:
    assert command("run", "-m", "m").code == exits.USAGE
    assert command("run", "-m", "m", "-p", "a", "-f", "nowhere").code == exits.USAGE


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfWhy?\r\n", b"Why?\n"], ids=["windows", "utf-8"])
def test_the_prompt_is_what_the_file_says_when_an_editor_marked_it(
    command, tmp_path, content
) -> None:
    (tmp_path / "prompt.txt").write_bytes(content)

    assert command("run", "-m", "m", "-f", "prompt.txt").rows[0]["output"] == "Why?\n"


@pytest.mark.parametrize("content", [b"Gr\xfc\xdfe", "Why?".encode("utf-16")])
def test_a_prompt_is_refused_by_name_when_its_file_is_not_utf_8(command, tmp_path, content) -> None:
    (tmp_path / "prompt.txt").write_bytes(content)

    done = command("run", "-m", "m", "-f", "prompt.txt")

    assert done.code == exits.USAGE
    assert "prompt.txt is not UTF-8: save it as UTF-8" in done.err
    assert "Traceback" not in done.err


def test_an_argument_is_refused_when_its_bytes_are_not_utf_8(command) -> None:
    done = command("run", "-m", "m", "-p", "Gr\udcfc\udcdfe")

    assert done.code == exits.USAGE
    assert "a text is not UTF-8" in done.err
    assert "Traceback" not in done.err


def test_rows_are_appended_when_they_are_csv_or_lines(command, tmp_path) -> None:
    (tmp_path / "a.csv").write_text("n,name,ok\n1,x,true\n2.5,007,\n")
    (tmp_path / "a.jsonl").write_text('{"n":3}\n\n[4]\n')

    first = command("append", "rows", "a.csv")
    second = command("append", "rows", "a.jsonl")

    assert (first.code, second.code, second.rows[0]["rejected"]) == (0, 0, 1)
    assert "row 1: refused: not_an_object" in second.err
    rows = [
        {name: value for name, value in row.items() if not name.startswith("_meta_")}
        for row in command("datasets", "get", "rows").rows
    ]
    assert rows == [
        {"n": 1, "name": "x", "ok": True},
        {"n": 2.5, "name": "007", "ok": None},
        {"n": 3},
    ]
    assert command("datasets", "list", "--format", "csv").out.splitlines()[1].startswith("rows,3,")


@pytest.mark.parametrize(
    ("kind", "text"),
    [("csv", "n\n1\n"), ("json", '[\n{"n": 1}\n]'), ("jsonl", '{"n": 1}')],
    ids=["csv", "json", "jsonl"],
)
def test_rows_are_of_the_kind_that_is_said_when_the_name_does_not_say_it(
    command, tmp_path, kind, text
) -> None:
    (tmp_path / "rows.txt").write_text(text)

    assert command("append", "rows", "rows.txt", "--as", kind).rows[0]["appended"] == 1
    assert command("datasets", "get", "rows", "--tail", "1").rows[0]["n"] == 1


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"4,5,6", "wrong_number_of_cells: the line has 3 cells, the header 2"),
        (b"4", "wrong_number_of_cells: the line has 1 cells, the header 2"),
        (b"4,\xb0", "invalid_utf8: the row is not UTF-8"),
        (b'4,"x"y', "malformed_csv"),
        (b'4,"' + b"x" * 2_000_000 + b'"', "malformed_csv"),
    ],
    ids=["many", "few", "ansi", "quote", "endless"],
)
def test_a_row_of_csv_is_refused_by_name_when_its_cells_do_not_fit_and_the_others_stay(
    command, tmp_path, bad, code
) -> None:
    wide = b"w" * 200_000
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,x\n\n" + bad + b"\n2," + wide + b"\n")

    done = command("append", "rows", "a.csv")

    assert f"row 1: refused: {code}" in done.err
    assert (done.code, done.rows[0]["appended"], done.rows[0]["rejected"]) == (0, 2, 1)
    rows = command("datasets", "get", "rows").rows
    assert [(row["a"], row["b"]) for row in rows] == [(1, "x"), (2, wide.decode())]


def test_the_last_row_of_csv_is_refused_when_its_quote_is_left_open(command, tmp_path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n1,x\n2,"y\n3,z\n')

    done = command("append", "rows", "a.csv")

    assert "row 1: refused: malformed_csv" in done.err
    assert command("datasets", "list").rows[0]["rows"] == 1


def test_rows_of_a_json_array_are_kept_and_judged_as_lines_are(command, tmp_path) -> None:
    content = (
        b'\xef\xbb\xbf [\r\n {"n": 0.1234567890123456789, "s": "],\\""},{"n":\n1.50}, {"n":NaN},'
        b'{"n":1,"n":2}, {"n":"\xe9"}, [3]\n]\n'
    )
    (tmp_path / "a.json").write_bytes(content)

    done = command("append", "rows", "a.json")

    said = [line.split(": ")[2] for line in done.err.splitlines() if line.startswith("row ")]
    assert said == ["invalid_json", "duplicate_key", "invalid_utf8", "not_an_object"]
    assert done.rows[0]["appended"] == 2
    kept = list(sources.rows(io.BytesIO(content), "a.json"))
    assert kept[:2] == [b'{"n": 0.1234567890123456789, "s": "],\\""}', b'{"n":\n1.50}']
    assert list(sources.rows(io.BytesIO(b" [ ] "), "a.json")) == []


def test_a_column_of_csv_is_named_when_it_is_there_twice(command, tmp_path) -> None:
    (tmp_path / "a.csv").write_text("n,m,n\n1,2,3\n")

    done = command("append", "rows", "a.csv")

    assert (done.code, command("datasets", "list").rows) == (exits.USAGE, [])
    assert "the column 'n' is there twice" in done.err


def test_rows_are_the_same_when_they_come_back_from_csv(command, tmp_path) -> None:
    rows = [
        {"ms": 1772.8565859, "x": 0.123456789, "ok": True, "text": "a  b\nc", "no": None},
        {"ms": 987654321.125, "x": 1e-7, "ok": False, "text": ' , "', "no": None},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command("append", "rows", "a.jsonl")

    (tmp_path / "b.csv").write_text(command("datasets", "get", "rows", "--format", "csv").out)
    command("append", "again", "b.csv")

    assert [
        {name: row[name] for name in rows[0]} for row in command("datasets", "get", "again").rows
    ] == rows
    (tmp_path / "c.jsonl").write_text('{"list": [1.23456, "a"]}\n')
    command("append", "lists", "c.jsonl")
    told = command("datasets", "get", "lists", "--format", "csv").out
    assert told == 'list\n"[1.23456,""a""]"\n'


def test_there_is_no_data_when_no_row_is_good(command, tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text("nonsense\n")

    assert command("append", "rows", "a.jsonl").code == exits.NO_DATA


def test_files_are_recognised_when_they_are_pushed(command, tmp_path) -> None:
    (tmp_path / "bench.out").write_text(json.dumps([LLAMA_BENCH]))
    (tmp_path / "other.txt").write_text("Hello.")

    tried = command("push", "bench.out", "--dry-run")
    done = command("push", "bench.out", "other.txt")

    assert (tried.rows[0]["format"], tried.rows[0]["batch_id"]) == ("llama-bench", None)
    assert (done.rows[0]["imported"], len(done.rows)) == (1, 1)
    assert done.code == exits.NO_DATA
    assert "other.txt: " in done.err


def _python(program: str) -> list[str]:
    return ["--", sys.executable, "-c", program]


def test_its_lines_are_runs_when_a_command_measures(command) -> None:
    line = 'EVALYARD {"metrics":{"ttft_ms":412,"load_ms":7},"extra":{"NPU (%)":71}}'
    program = f"print('hello'); print({line!r})"

    done = command(
        "exec", "--device", "mine", "-m", "m", "--cond", "commit=4f2c1d9", *_python(program)
    )

    assert done.code == 0
    assert done.out.startswith("hello\n")
    usage = command("usage", "--by", "device,cond.commit").rows
    assert [(row["device"], row["cond.commit"]) for row in usage] == [("mine", "4f2c1d9")]
    assert set(usage[0]["extra"]) == {"NPU (%)", "load_ms"}


def test_its_output_is_recognised_with_conditions_when_it_is_a_benchmark(command) -> None:
    # Repetitions, which a dry run shows three of.
    records = [{**LLAMA_BENCH, "n_gen": n, "samples_ns": [2e9, 3e9]} for n in (64, 128, 256)]
    program = f"import json; print('loading'); print(json.dumps({records!r}))"

    done = command("exec", "--cond", "commit=abc", *_python(program))

    assert done.code == 0, done.err
    usage = command("usage", "--filter", "cond.commit=abc").rows[0]
    assert usage["runs"] == 6
    by = command("usage", "--by", "cond.commit", "--by", "cond.threads").rows
    assert [row["cond.threads"] for row in by] == [4]


def test_others_are_one_row_with_their_number_when_only_the_top_groups_are_wanted(
    command, ev
) -> None:
    models = ["a", "a", "b", "c", None]
    ev.usage.import_file(json.dumps([{"model": m, "latency_ms": 9} for m in models]).encode())

    told = command("--format", "csv", "usage", "--by", "model", "--top", "2").out.splitlines()

    assert [(line.split(",")[:2], line.split(",")[-1]) for line in told] == [
        (["model", "runs"], "groups"),
        (["a", "2"], ""),
        (["b", "1"], ""),
        (["", "2"], "2"),
    ]


def test_nothing_is_sent_when_a_command_fails(command) -> None:
    program = 'print(\'EVALYARD {"metrics":{"ttft_ms":1}}\'); raise SystemExit(42)'

    done = command("exec", *_python(program))

    assert done.code == 42
    assert command("usage").code == exits.NO_DATA


@pytest.mark.parametrize(
    ("options", "reason"),
    [(("--cond", "Commit=1"), "cond.Commit is no parameter"), (("--adapter", "none"), "adapter")],
)
def test_a_command_is_not_begun_when_its_runs_could_not_be_sent(
    command, tmp_path, options, reason
) -> None:
    done = command("exec", *options, *_python("open('begun', 'w')"))

    assert done.code == exits.USAGE
    assert reason in done.err
    assert not (tmp_path / "begun").exists()


def test_runs_are_sent_when_an_adapter_has_other_names_for_their_numbers(command, ev) -> None:
    ev.datasets.save_adapter("mine", x_field="when", latency_ms_field="ms")
    document = json.dumps([{"ms": 9, "when": "2026-11-28T10:00:00Z"}])

    done = command("exec", "--adapter", "mine", *_python(f"print({document!r})"))

    assert done.code == 0, done.err


def test_whole_numbers_stay_such_when_they_are_conditions(command, tmp_path) -> None:
    (tmp_path / "a.json").write_text('[{"latency_ms": 9, "conditions": {"threads": 4, "x": 0.5}}]')
    command("push", "a.json")

    by = command("usage", "--by", "cond.threads,cond.x")

    assert '"cond.threads":4,"cond.x":0.5' in by.out
    assert command("usage", "--filter", "cond.threads=4").rows[0]["runs"] == 1


def test_what_a_series_does_not_say_is_left_out_when_it_is_named() -> None:
    assert label({"device": "ci", "model": None}) == "ci"
    assert label({}) == "all"


def test_the_other_lines_are_runs_when_one_cannot_be_read(command) -> None:
    lines = ['{"metrics":{"latency_ms":NaN}}', "[1]", '{"metrics":{"latency_ms":9}}']
    program = "; ".join(f"print('EVALYARD {line}')" for line in lines)

    done = command("exec", *_python(program))

    assert done.code == 0
    assert "NaN is no number" in done.err
    assert "it is no JSON object" in done.err
    assert command("usage").rows[0]["runs"] == 1


def test_a_line_is_one_run_when_its_text_holds_ends_of_lines_of_other_kinds(command) -> None:
    line = 'EVALYARD {"tag":"a\u2028b\u0085c","metrics":{"latency_ms":9}}'
    program = f"import sys; sys.stdout.buffer.write({line.encode()!r})"

    done = command("exec", *_python(program))

    assert (done.code, "cannot be read" in done.err) == (0, False)
    assert command("usage").rows[0]["runs"] == 1


def test_settings_of_a_gate_are_read_when_an_editor_marked_their_file(builds, tmp_path) -> None:
    settings = tmp_path / "evalyard.toml"
    settings.write_bytes(b"\xef\xbb\xbf" + settings.read_bytes())

    assert builds("gate", "--filter", "cond.build=three").code == exits.GOOD


def test_all_is_read_and_sent_when_the_reader_of_the_output_leaves(command, monkeypatch) -> None:
    line = 'EVALYARD {"metrics":{"latency_ms":9}}'
    program = f"print('x' * 200_000, flush=True); print({line!r})"
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "w") as stdout, monkeypatch.context() as changed:
        changed.setattr("sys.stdout", stdout)
        done = command("exec", *_python(program))

    assert done.code == 0
    assert "Traceback" not in done.err
    assert command("usage").rows[0]["runs"] == 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("rows.csv", "a,b\n1,2\n".encode("utf-16"), "it is UTF-16"),
        ("rows.jsonl", '{"a": 1}\n'.encode("utf-16"), "it is UTF-16"),
        ("rows.jsonl.gz", gzip.compress(b'{"a": 1}\n'), "it is compressed"),
        ("rows.csv", b"a;b\n1;2,5\n", "separated by semicolons or tabs"),
        ("rows.csv", b"a,\xb0C\n1,2\n", "save it as CSV UTF-8"),
        ("rows.csv", b'a,"b"c\n1,2\n', "the header is no CSV"),
    ],
    ids=["csv", "jsonl", "gzip", "semicolons", "ansi", "quote"],
)
def test_a_file_is_refused_by_what_it_is_when_its_rows_would_be_nonsense(
    command, tmp_path, name, content, reason
) -> None:
    (tmp_path / name).write_bytes(content)

    done = command("append", "rows", name)

    assert done.code == exits.USAGE
    assert reason in done.err
    assert command("datasets", "list").rows == []


def test_other_files_are_pushed_when_one_is_compressed(command, tmp_path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"latency_ms": 1}\n'))
    (tmp_path / "b.jsonl").write_text('{"latency_ms": 1}\n')

    done = command("push", "a.jsonl.gz", "b.jsonl")

    assert done.code == exits.NO_DATA
    assert "a.jsonl.gz: it is compressed" in done.err
    assert [row["imported"] for row in done.rows] == [1]


def test_nothing_is_said_to_be_stored_when_a_push_is_tried(command, tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text('{"latency_ms": 1}\n')

    assert "1 rows would be stored" in command("push", "a.jsonl", "--dry-run").err
    assert "1 rows are stored" in command("push", "a.jsonl").err


@pytest.mark.parametrize("words", [("push", "a.jsonl"), ("append", "rows", "a.jsonl")])
def test_each_row_is_stored_once_when_ctrl_c_comes_before_the_first_answer(
    command, running, tmp_path, monkeypatch, words
) -> None:
    (tmp_path / "a.jsonl").write_text('{"latency_ms": 1}\n' * 3)
    answered = running._walker._send

    def interrupted(request):
        answered(request)
        raise KeyboardInterrupt

    with monkeypatch.context() as changed:
        changed.setattr(running._walker, "_send", interrupted)
        cut = command(*words)
    [resume] = re.findall(r"--resume (\S+)", cut.err)
    done = command(*words, "--resume", resume)

    assert (cut.code, done.code) == (exits.INTERRUPTED, 0)
    if words[0] == "push":
        assert command("usage").rows[0]["runs"] == 3
    else:
        assert command("datasets", "list").rows[0]["rows"] == 3


class _Failing(io.BytesIO):
    """A file on a disk that is gone at its end."""

    def __next__(self) -> bytes:
        if line := self.readline():
            return line
        raise OSError(5, "Input/output error")


@pytest.mark.exhaustive
def test_each_row_is_stored_once_when_the_disk_of_its_file_is_gone_for_a_while(
    command, monkeypatch
) -> None:
    rows = b'{"n": 1}\n' * (MAX_ROWS + 500)

    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=_Failing(rows)))
    cut = command("append", "d")
    [resume] = re.findall(r"--resume (\S+)", cut.err)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(rows)))
    done = command("append", "d", "--resume", resume)

    assert (cut.code, done.code) == (exits.USAGE, exits.GOOD)
    assert "Input/output error" in cut.err
    assert resume.endswith(f".{MAX_ROWS}")
    assert command("datasets", "list").rows[0]["rows"] == MAX_ROWS + 500


def test_files_are_those_of_a_pattern_when_the_shell_is_that_of_windows(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.json", "a.json", "c.csv"):
        (tmp_path / name).touch()

    found = sources.files(["*.json", "none*", "c.csv"], on_windows=True)

    assert found == ["a.json", "b.json", "none*", "c.csv"]
    assert sources.files(["*.json"], on_windows=False) == ["*.json"]


@pytest.mark.parametrize("words", ["push ", "append rows "])
def test_files_complete_when_a_command_takes_them(monkeypatch, capsys, words) -> None:
    monkeypatch.setenv("_EVALYARD_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"evalyard {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) + 1))

    run([])

    assert capsys.readouterr().out.startswith("file,")


def test_there_is_no_data_when_a_command_measures_nothing(command) -> None:
    assert command("exec", *_python("print('hello')")).code == exits.NO_DATA


def test_runs_are_compared_and_written_when_asked(builds, tmp_path) -> None:
    compared = builds(
        "compare",
        "-a",
        "cond.build=one",
        "-b",
        "cond.build=two",
        "--a-window",
        "1d",
        "--b-window",
        "1d",
    )
    written = builds("export", "-o", "runs.csv")

    verdicts = {each["metric"]: each["verdict"] for each in compared.rows[0]["metrics"]}
    assert (compared.code, verdicts["latency_ms"]) == (0, "regressed")
    assert written.code == 0
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 25
    assert builds("baseline", "history", "main").rows[0]["reason"] == "release"


def test_nothing_is_wrong_when_a_doctor_looks_and_all_is_well(command) -> None:
    done = command("doctor", "-m", "m")

    assert [(row["check"], row["status"]) for row in done.rows] == [
        ("address", "ok"),
        ("clock", "ok"),
        ("versions", "ok"),
        ("token", "ok"),
        ("service", "ok"),
        ("devices", "ok"),
    ]
    missing = command("doctor", "-m", "other")
    assert (missing.code, missing.rows[-1]["what_to_do"][:14]) == (exits.NO_DATA, "start a runner")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["jobs", "show", "job_none"], exits.USAGE),
        (["nonsense"], exits.USAGE),
        (["usage", "--window", "soon"], exits.USAGE),
        (["gate", "--config", "nowhere.toml"], exits.USAGE),
        (["gate"], exits.USAGE),
        (["--help"], exits.GOOD),
        (["--version"], exits.GOOD),
    ],
    ids=str,
)
def test_the_exit_code_is_that_of_its_kind_when_a_call_is_wrong(command, arguments, code) -> None:
    assert command(*arguments).code == code


def test_every_help_has_an_example_or_needs_none_when_it_is_asked_for(command) -> None:
    for name in (
        "login",
        "run",
        "exec",
        "push",
        "append",
        "usage",
        "compare",
        "export",
        "gate",
        "ask",
        "mcp",
        "doctor",
    ):
        done = command(name, "--help")
        assert (done.code, f"evalyard {name}" in done.out) == (0, True), name


def test_a_profile_is_saved_when_its_token_is_good(
    command, transport: InProcess, monkeypatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("eyt_ada\n"))

    done = command("login", "--url", "https://api.example.com", "--name", "lab")

    assert (done.code, "eyt_ada" in done.err + done.out) == (0, False)
    assert command("profile", "list").rows == [
        {"name": "lab", "url": "https://api.example.com", "used": True}
    ]
    assert command("whoami").rows[0]["user_id"] == "ada"


@pytest.mark.parametrize("shown_as", ["jsonl", "md", "table"])
def test_a_regression_is_one_also_when_the_reader_of_stdout_leaves(
    builds, monkeypatch, shown_as
) -> None:
    builds("baseline", "set", "main", "--reason", "r", "--filter", "cond.build=one")
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "w", buffering=1) as stdout, monkeypatch.context() as changed:
        changed.setattr("sys.stdout", stdout)
        done = builds("gate", "--filter", "cond.build=two", "--format", shown_as)

    assert done.code == exits.REGRESSION


def test_a_command_does_its_work_when_stdout_is_closed(builds, monkeypatch) -> None:
    with monkeypatch.context() as changed:
        changed.setattr("sys.stdout", None)
        done = builds("usage", "--format", "table")
        sys.stdout.close()

    assert done.code == 0


def test_an_empty_candidate_is_named_when_a_gate_has_no_runs_of_it(builds) -> None:
    builds("baseline", "set", "main", "--reason", "r", "--filter", "cond.build=one")

    done = builds("gate", "--filter", "cond.build=none")

    assert done.code == exits.NO_DATA
    assert "none of the last 24h fits its filters (cond.build=none)" in done.err


def test_the_code_is_that_of_the_error_when_nobody_reads_what_it_says(command, monkeypatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "w") as stderr, monkeypatch.context() as changed:
        changed.setattr("sys.stderr", stderr)
        done = command("jobs", "show", "job_x", "--no-such-option")
        also = command("exec", "--", "sh", "-c", "exit 42")

    assert (done.code, also.code) == (exits.USAGE, 42)
