"""What an MCP server offers. The docstrings are what models read; answers are plain values."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from evalyard.aio import AsyncEvalyard
from evalyard.cli.devices import COLUMNS
from evalyard.cli.output import as_row
from evalyard.cli.words import seconds
from evalyard.errors import ConfigurationError, WaitTimeout
from evalyard.models import GateSeries

Filters = dict[str, Any]
# An answer is read by a model, whose room is small.
_CHARACTERS, _SERIES, _GROUPS = 20_000, 50, 100
_DEVICE = (*COLUMNS[:1], "name", "kind", *COLUMNS[1:])
_JOB = ("job_id", "status", "status_detail", "model", "device", "tag", "created_at", "failure")
_GRAVEST = ("fail", "not_comparable", "no_data", "inconclusive", "pass", "new")


class ReadTools:
    """Tools that change nothing."""

    def __init__(self, ev: AsyncEvalyard) -> None:
        self._ev = ev

    async def list_devices(
        self, state: list[str] | None = None, model: str | None = None
    ) -> dict[str, Any]:
        """Devices as they are now: phones, laptops and servers that run language models.

        `state` chooses among available, busy, offline, hot, low_battery, maintenance, unhealthy;
        `model` those that serve it.
        """
        found = [each async for each in self._ev.devices.list(state=state or None, model=model)]
        return {"devices": [_some(each, _DEVICE) for each in found]}

    async def get_usage(
        self,
        group_by: list[str] | None = None,
        window: str = "24h",
        filters: Filters | None = None,
    ) -> dict[str, Any]:
        """Statistics of runs: counts, tokens, latency, time to first token, tokens a second.

        `group_by` takes up to 3 of device, model, tag, tenant, dataset, source_kind, cond.NAME.
        The 100 groups with the most runs are named; `groups_left_out` says how many are not.
        `window` is the last such time, as 30m, 24h, 7d. `filters` are values, or lists of values,
        by name: {"model": "llama3-8b", "cond.quant": ["Q4_K_M", "Q8_0"]}.
        """
        last = _last(window)
        if not group_by:
            return as_row(await self._ev.usage.summary(window=last, **(filters or {})))
        table = await self._ev.usage.query(
            group_by=group_by, top=_GROUPS, window=last, **(filters or {})
        )
        groups = [_group(as_row(each)) for each in table.breakdown if not each.others]
        left_out = sum(each.groups or 0 for each in table.breakdown)
        return {"total": as_row(table.total), "groups": groups, "groups_left_out": left_out}

    async def compare_runs(
        self,
        a: Filters | None = None,
        b: Filters | None = None,
        a_window: str = "7d",
        b_window: str = "7d",
        min_effect_pct: float = 2.0,
    ) -> dict[str, Any]:
        """Whether the runs of side b are better or worse than those of side a, by metric.

        Sides are filters as in get_usage. Verdicts: improved, regressed, unchanged, inconclusive
        (Welch's t-test; an effect below `min_effect_pct` of a's mean is none).
        """
        found = await self._ev.usage.compare(
            a or {},
            b or {},
            a_window=_last(a_window),
            b_window=_last(b_window),
            min_effect_pct=min_effect_pct,
        )
        row = as_row(found)
        runs = {"a": found.a.runs, "b": found.b.runs}
        return {"runs": runs, "metrics": row["metrics"], "conditions_diff": row["conditions_diff"]}

    async def list_baselines(self) -> dict[str, Any]:
        """Baselines: figures kept under a name, which check_gate holds candidates against."""
        return {"baselines": [as_row(each) async for each in self._ev.baselines.list()]}

    async def check_gate(
        self,
        baseline: str,
        filters: Filters | None = None,
        window: str = "24h",
        rules: list[dict[str, Any]] | None = None,
        min_runs: int = 5,
    ) -> dict[str, Any]:
        """Whether a candidate is worse than a baseline: pass, fail, inconclusive, no_data or
        not_comparable, once for all devices, models and metrics.

        The candidate is the runs of `filters` in the last `window`. `rules` are as
        [{"metric": "tok_s", "max_regression_pct": 5}, {"metric": "error_rate", "max": 0.01}];
        latency_ms, ttft_ms and tok_s at 5 % by default. The gravest series come first.
        """
        found = await self._ev.usage.gate(
            baseline, filters=filters or {}, window=_last(window), rules=rules, min_runs=min_runs
        )
        series = sorted(found.series, key=_gravity)
        row = as_row(found)
        return {
            "verdict": found.verdict,
            "baseline": row["baseline"],
            "series": [as_row(each) for each in series[:_SERIES]],
            "series_left_out": max(len(series) - _SERIES, 0),
            "conditions_diff": row["conditions_diff"],
        }

    async def list_jobs(
        self,
        status: list[str] | None = None,
        model: str | None = None,
        device: str | None = None,
        tag: str | None = None,
        limit: int = 20,
    ) -> dict[str, Any]:
        """Jobs, the newest first. `status` chooses among queued, running, cancelling, succeeded,
        cancelled, dead.
        """
        pages = self._ev.jobs.list(
            status=status or None,
            model=model,
            device=device,
            tag=tag,
            limit=min(max(limit, 1), 200),
        )
        # One page is enough.
        async for page in pages.pages():
            return {"jobs": [_some(each, _JOB) for each in islice(page, max(limit, 1))]}
        return {"jobs": []}

    async def get_job(self, job_id: str) -> dict[str, Any]:
        """A job by its id, with its attempts, and with output and metrics where it succeeded."""
        detail = await self._ev.jobs.read(job_id)
        row = _short(as_row(detail))
        if detail.status == "succeeded":
            row["result"] = _short(as_row(await self._ev.jobs.result(job_id)))
        return row


class WriteTools:
    """Tools that create jobs and runs. Files are read below one folder only."""

    def __init__(self, ev: AsyncEvalyard, folder: Path) -> None:
        self._ev = ev
        self._folder = folder.resolve()

    async def run_prompt(
        self,
        model: str,
        prompt: str,
        device: str | None = None,
        system: str | None = None,
        num_predict: int | None = None,
        repeat: int = 1,
        tag: str | None = None,
        conditions: dict[str, Any] | None = None,
        wait_s: float = 45.0,
    ) -> dict[str, Any]:
        """Run a prompt on a device and measure it; a job.

        Without `device` (a serial) it goes to any that serves the model. Answers with output and
        metrics, or after `wait_s` seconds with the job as it is: it goes on, and get_job has its
        result later.
        """
        body = {
            "device_serial": device,
            "system": system,
            "options": None if num_predict is None else {"num_predict": num_predict},
            "repeat": repeat,
            "tag": tag,
            "conditions": conditions,
        }
        given = {name: value for name, value in body.items() if value is not None}
        job = await self._ev.jobs.run(prompt, model=model, **given)
        try:
            return _short(as_row(await job.result(timeout=wait_s)))
        except WaitTimeout as late:
            return _some(late.job, (*_JOB, "queue"))

    async def push_file(
        self,
        path: str,
        device: str | None = None,
        model: str | None = None,
        tag: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Import a file of a benchmark as runs: llama-bench, vLLM, Ollama, answers of servers….

        `path` is below the folder of this server. `device`, `model` and `tag` are for runs that
        say none. With `dry_run` nothing is stored, and the first runs are shown.
        """
        report = await self._ev.usage.push(
            self._inside(path), device=device, model=model, tag=tag, dry_run=dry_run or None
        )
        return as_row(report)

    def _inside(self, path: str) -> Path:
        """The file, wherever links lead; raises ConfigurationError outside of the folder."""
        found = (self._folder / path).resolve()
        if not found.is_relative_to(self._folder):
            raise ConfigurationError(f"{path} is not below {self._folder}")
        if not found.is_file():
            raise ConfigurationError(f"{path} is no file below {self._folder}")
        return found


def _gravity(series: GateSeries) -> int:
    return _GRAVEST.index(series.verdict) if series.verdict in _GRAVEST else len(_GRAVEST)


def _last(window: str) -> dict[str, object]:
    return {"last_s": seconds(window)}


def _group(row: dict[str, Any]) -> dict[str, Any]:
    """An entry of a breakdown, without what only that of all others has."""
    return {name: value for name, value in row.items() if name not in ("others", "groups")}


def _some(item: Any, names: tuple[str, ...]) -> dict[str, Any]:
    row = as_row(item)
    return {name: row[name] for name in names if row.get(name) is not None}


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """The row with long texts cut, which it says."""
    cut = [n for n, value in row.items() if isinstance(value, str) and len(value) > _CHARACTERS]
    shortened = {name: row[name][:_CHARACTERS] for name in cut}
    return {**row, **shortened, **({"texts_cut": cut} if cut else {})}
