"""What docs/usage.md says of definitions and of two comparisons is what the API answers."""

import csv
import json
import re
from typing import Any

import pytest

from shared import ids
from shared.clock import iso, read_time
from shared.runs import Run
from shared.storage.log import SegmentLog
from tools.build_definitions import DEFINITION_TABLE, PARTS, Part

PAGE = DEFINITION_TABLE.target
GUIDE = PAGE.read_text(encoding="utf-8")
EXAMPLE = PAGE.parent / "examples" / "galaxy-s25-llama-3.2-1b.csv"
HEADER = (
    "ts,time,device,model,tag,tenant,prompt_tokens,completion_tokens,latency_ms,ttft_ms,tok_s,ok,"
    "job_id,dataset,source_kind,prompt_preview,run_id,extra"
)


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    _, _, rest = GUIDE.partition(f"{title}\n")
    return re.split(r"\n#{2,3} ", rest)[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def example_runs() -> list[Run]:
    """The example as `POST /usage/import` takes it."""
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        return [_run(row) for row in csv.DictReader(file)]


def _run(row: dict[str, str]) -> Run:
    texts = {name: row[name] or None for name in ("device", "model", "tag", "dataset")}
    return Run(
        run_id=row["run_id"],
        ts_us=read_time(row["time"]),
        prompt_tokens=int(row["prompt_tokens"]) if row["prompt_tokens"] else None,
        completion_tokens=int(row["completion_tokens"]),
        ttft_ms=float(row["ttft_ms"]),
        tok_s=float(row["tok_s"]),
        ok=row["ok"] == "true",
        source_kind=row["source_kind"],
        extra=json.loads(row["extra"]),
        **texts,
    )


@pytest.fixture
def benchmark(api, bucket) -> dict[str, Any]:
    """The answer to the guide's comparison, with its adapter saved and its runs there."""
    (commands,) = blocks(section("## A public benchmark, imported and compared"), "bash")
    adapter = re.search(r"save_adapter\" .*? -d '(.*?)'", commands, re.DOTALL)
    query = re.search(r"/usage/compare\?(.*?)\"", commands)
    datasets = api("datasets", user="ada")
    saved = datasets.post("/user/data/save_adapter", json=json.loads(adapter[1]))
    assert saved.status == 200, saved.text
    SegmentLog(bucket).append(
        "ada", "", [], example_runs(), segment_id=ids.ulid(), repeatable=False
    )
    answer = api("usage", user="ada").get(f"/usage/compare?{query[1]}")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def short(number: float | None, digits: int = 5) -> str:
    return "" if number is None else f"{number:.{digits}g}"


def table_row(entry: dict[str, Any]) -> str:
    """One metric as the guide shows it."""
    unit = {"1": "", None: ""}.get(entry["unit"], f" {entry['unit']}")
    change = entry["delta_pct"]
    more = entry["more_runs"]
    interval = entry["ci95"]
    cells = [
        f"`{entry['metric']}`",
        f"{short(entry['a'])}{unit}" if entry["n_a"] else "",
        f"{short(entry['b'])}{unit}" if entry["n_b"] else "",
        f"{entry['n_a']}, {entry['n_b']}",
        "" if change is None else f"{change:+.1f} %",
        "" if interval is None else f"{short(interval[0])} … {short(interval[1])}",
        short(entry["p_value"], 2),
        f"`{entry['verdict']}`",
        "" if more is None else f"{more['a']}, {more['b']}",
    ]
    return "| " + " | ".join(cells) + " |"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.file)
def test_part_of_a_file_is_current(part: Part):
    whole = part.target.read_text(encoding="utf-8")

    assert part.render(whole) == whole, "run `make openapi`"


def test_example_has_the_columns_of_the_export():
    lines = EXAMPLE.read_bytes()

    assert lines.partition(b"\r\n")[0].decode() == HEADER
    assert lines.count(b"\n") == lines.count(b"\r\n") == 100
    runs = example_runs()
    assert len({run.run_id for run in runs}) == 99
    with EXAMPLE.open(encoding="utf-8", newline="") as file:
        times = [(float(row["ts"]), row["time"]) for row in csv.DictReader(file)]
    assert all(iso(round(ts * 1_000_000)) == time for ts, time in times)
    assert times == sorted(times)


def test_table_in_the_guide_is_the_answer(benchmark):
    rows = "\n".join(map(table_row, benchmark["metrics"]))

    assert rows in section("## A public benchmark, imported and compared"), rows


def test_conditions_in_the_guide_are_the_answers(benchmark):
    (shown,) = blocks(section("## A public benchmark, imported and compared"), "json")

    assert json.loads(shown) == benchmark["conditions_diff"]


def test_worked_example_is_the_answer(api):
    datasets = api("datasets", user="ada")
    datasets.post("/user/data/save_adapter", json={"dataset": "d"})
    for model, latencies in (("a", [1000, 1010, 990, 1005]), ("b", [800, 810, 790, 805])):
        rows = [{"ts": "2026-01-01", "model": model, "latency_ms": ms} for ms in latencies]
        datasets.post("/user/data/append_jsonl", json={"dataset": "d", "rows": rows})

    query = "from=2026-01-01&to=2026-01-02&a_model=a&b_model=b"
    found = api("usage", user="ada").get(f"/usage/compare?{query}").json()["metrics"][0]

    (shown,) = blocks(section("### A worked example"), "json")
    assert list(json.loads(shown)) == list(found)
    for name, value in json.loads(shown).items():
        exact = isinstance(value, str | bool | int | None)
        assert found[name] == (value if exact else pytest.approx(value, rel=2e-3)), name
