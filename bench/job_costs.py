"""What a job costs on AWS: the calls of its life, counted, times the prices of a file.

A job of 30 s with a callback goes through the real functions in this process, with moto
below; the calls, the sizes of items and the indexes they touch are counted, memory is the
template's, durations and prices are those of `prices.json`.
`python -m bench.job_costs [prices.json]` prints the tables.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from bench.job_life import HEARTBEATS, Life
from bench.metering import Amounts
from bench.prices import PRICES, PriceBook
from bench.report import ROOT
from bench.section import Cell, Section

_TITLE = "What a million jobs of 30 s cost on AWS"
_COLUMNS = (
    "step", "times", "AWS calls", "HTTP", "Lambda", "GB-s", "WRU", "RRU", "S3 put", "S3 get",
    "SQS", "$ a million",
)  # fmt: skip
_SHOWN = {
    "AWS calls": ("aws_call",),
    "HTTP": ("http_request",),
    "Lambda": ("lambda_request",),
    "GB-s": ("lambda_gb_s",),
    "WRU": ("dynamodb_wru",),
    "RRU": ("dynamodb_rru",),
    "S3 put": ("s3_put",),
    "S3 get": ("s3_get",),
    "SQS": ("sqs_request", "sqs_fair_request"),
}
_MONTH_S = 30 * 86_400
_KEPT_DAYS = (60, 180, 400)
_MONTH_DAYS = 365 / 12
# Bytes with which DynamoDB bills the storage of an item, beyond its own.
_STORED_BEYOND = 100
_REPORT_EVERY_S = 20
# Reports come every 20 s, and the authorizer's answer is kept for 30.
_AUTHORIZED_EVERY_S = 40
_SESSION_EVERY_S = 3_300
# Runs that share a fold, a minute's: of ten devices with one job after the other, and of one.
_SHARED, _ALONE = 20, 2
_WAITS_S = (1, 5, 20)
# Callbacks go to this machine. Without limits, whose buckets are asked now and then where a user
# makes as many requests in a second as this one does here.
SETTINGS = {"CALLBACK_ALLOW_PRIVATE": "true", "WRITES_A_MINUTE": "0", "QUERIES_A_MINUTE": "0"}
# A connected device looks by itself each 20 s, waiting at a queue for one second of them, and opens
# a session for each of its connections.
_LOOKS_EVERY_S = 20
_CONNECTED_SESSION_EVERY_S = 1_500


@dataclass(frozen=True)
class Cost:
    """A step of a job's life, how often it happens, and what all of that takes."""

    step: str
    times: float
    amounts: Amounts


def run(prices: Path = PRICES) -> Section:
    """The table, made in a fresh process, where nothing is cached or left over."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.job_costs", str(prices), "--json"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        stdout=subprocess.PIPE,
        check=True,
    )
    return Section(**json.loads(done.stdout.splitlines()[-1]))


def section(life: Life, book: PriceBook) -> Section:
    """A job's life and a device's month as tables."""
    costs = job_costs(life)
    kept = kept_section(life, book)
    alone = job_costs(life, _ALONE)
    total = sum((cost.amounts for cost in costs), Counter())
    rows = [*(_row(cost, book) for cost in costs), _row(Cost("**all**", 1, total), book)]
    idle = Section(
        "An idle device, a month of 30 days",
        (
            "waits at a queue",
            "SQS requests",
            "$ for SQS",
            "$ for presence",
            "$ for IoT",
            "$ a month",
        ),
        [
            _idle_row("connected", *connected_amounts(life, book), book),
            *(
                _idle_row(f"not connected, {wait_s} s", *idle_amounts(life, book, wait_s), book)
                for wait_s in _WAITS_S
            ),
        ],
    )
    by_itself = sum((cost.amounts for cost in alone), Counter())
    rows.append(_row(Cost("all, one device alone", 1, by_itself), book))
    rows.append(_row(Cost("all, bodies too large for items", 1, _larger(life, costs)), book))
    rows.append(_row(Cost("more in a crowd", 1, _more(costs, life.crowded())), book))
    note = (
        "Units of all times together; prices of us-east-1 without free tiers. WRU: writes by the "
        "KB, doubled in transactions, with those of the indexes. Authorizing is once for "
        "submitting and once for reading; the device's own is in its month. A fold is shared by "
        f"the runs of a minute: {_SHARED}, of ten devices of one user with one job after the "
        f"other; {_ALONE} where one device is alone. "
        "`more in a crowd`: what submitting and completing take beyond that while many jobs "
        "of the user wait for the device. A prompt of half a KB and a runner's report of 3.5 KB "
        "are items of the jobs table, packed; what is too large for one is an object. A connected "
        "device is nudged for each job: two messages "
        "of AWS IoT, $2. Not counted: storage (but see below), traffic, SQS polls of the functions "
        "that wait for events."
    )
    return Section(_TITLE, _COLUMNS, rows, f"{note}\n\n{kept.markdown()}\n\n{idle.markdown()}")


def job_costs(life: Life, runs_in_a_fold: int = _SHARED) -> list[Cost]:
    """Each step of a job in its order; of a fold its part."""
    part = 1 / runs_in_a_fold
    times = {"authorize": 2, "heartbeat": HEARTBEATS}
    times |= {"plan a fold": part, "find it planned": 1 - part, "fold": part}
    costs = []
    for name, step in life.steps().items():
        if name == "fold":
            life.run_others(runs_in_a_fold - 1)
        often = times.get(name, 1)
        amounts = Counter({unit: amount * often for unit, amount in step().items()})
        costs.append(Cost(name, often, amounts))
    return costs


def _larger(life: Life, costs: list[Cost]) -> Amounts:
    """All of a job whose bodies no item has room for, where folds are shared."""
    total = sum((cost.amounts for cost in costs), Counter())
    steps, last = life.steps(), {cost.step: cost.amounts for cost in costs}
    with life.saying_more():
        for name in ("submit", "receive", "claim", "complete", "delete the message"):
            total.update(steps[name]())
            total.subtract(last[name])
    total.update(steps["read the result"]())
    total.subtract(last["read the result"])
    return total


def kept_section(life: Life, book: PriceBook) -> Section:
    """What the bodies of a million jobs cost by how long they are kept, in either place."""
    sizes = life.bodies()
    as_items = sum(item + _STORED_BEYOND for item, _ in sizes)
    as_objects = sum(size for _, size in sizes)
    items = Counter(dynamodb_wru=len(sizes), dynamodb_rru=len(sizes))
    objects = Counter(s3_put=len(sizes), s3_get=len(sizes))
    month = {
        "items": (as_items, items, ("dynamodb_gb_month", "dynamodb_recovery_gb_month")),
        "objects": (as_objects, objects, ("s3_gb_month",)),
    }
    return Section(
        "Bodies of a million jobs, by how long they are kept",
        ("prompt and result as", "bytes", "$ once", *(f"$ in {days} days" for days in _KEPT_DAYS)),
        [_kept_row(name, *each, book) for name, each in month.items()],
        "`once`: each written once and read once. With point-in-time recovery of the table. The "
        "least, a middle, and the default of `JobBodyDays`.",
    )


def _kept_row(
    name: str, size: int, once: Amounts, kept: tuple[str, ...], book: PriceBook
) -> dict[str, Cell]:
    once_usd = book.usd_for_a_million(once)
    month_usd = book.usd_for_a_million(Counter(dict.fromkeys(kept, size / 1000000000.0)))
    row: dict[str, Cell] = {"prompt and result as": name, "bytes": size, "$ once": once_usd}
    for days in _KEPT_DAYS:
        row[f"$ in {days} days"] = round(once_usd + month_usd * days / _MONTH_DAYS, 2)
    return row


def _more(costs: list[Cost], crowded: Amounts) -> Amounts:
    alone = sum((cost.amounts for cost in costs if cost.step in ("submit", "complete")), Counter())
    return Counter({unit: amount - alone[unit] for unit, amount in crowded.items()})


def idle_amounts(life: Life, book: PriceBook, wait_s: float) -> tuple[Amounts, Amounts]:
    """What an idle device takes in a month: for polling, and for being known as present.

    A round looks into each queue and then waits at one of them.
    """
    queues = life.queues()
    rounds = _MONTH_S / (wait_s + queues * book.receive_round_trip_s)
    return Counter(sqs_request=rounds * (queues + 1)), _presence(life, _SESSION_EVERY_S)


def connected_amounts(life: Life, book: PriceBook) -> tuple[Amounts, Amounts]:
    """The same for a device that the broker reaches, with what the broker takes: a connection, and
    for each new one two messages (CONNECT, SUBSCRIBE).
    """
    queues = life.queues()
    rounds = _MONTH_S / (_LOOKS_EVERY_S + 1 + queues * book.receive_round_trip_s)
    presence = _presence(life, _CONNECTED_SESSION_EVERY_S)
    presence["iot_minute"] = _MONTH_S / 60
    presence["iot_message"] = 2 * _MONTH_S / _CONNECTED_SESSION_EVERY_S
    return Counter(sqs_request=rounds * (queues + 1)), presence


def _presence(life: Life, session_every_s: int) -> Amounts:
    presence: Amounts = Counter()
    for step, every_s in (
        (life.report, _REPORT_EVERY_S),
        (life.authorize, _AUTHORIZED_EVERY_S),
        (life.session, session_every_s),
    ):
        for unit, amount in step().items():
            presence[unit] += amount * _MONTH_S / every_s
    return presence


def _row(cost: Cost, book: PriceBook) -> dict[str, Cell]:
    shown = {
        column: sum(cost.amounts[unit] for unit in units) or None
        for column, units in _SHOWN.items()
    }
    usd = book.usd_for_a_million(cost.amounts)
    return {"step": cost.step, "times": round(cost.times, 2), **shown, "$ a million": round(usd, 2)}


def _idle_row(waits: str, polling: Amounts, presence: Amounts, book: PriceBook) -> dict[str, Cell]:
    iot = Counter({unit: presence[unit] for unit in ("iot_minute", "iot_message")})
    sqs_usd, presence_usd, iot_usd = (
        book.usd_for_a_million(each) / 1e6 for each in (polling, presence - iot, iot)
    )
    return {
        "waits at a queue": waits,
        "SQS requests": round(polling["sqs_request"]),
        "$ for SQS": round(sqs_usd, 2),
        "$ for presence": round(presence_usd, 2),
        "$ for IoT": round(iot_usd, 3) or None,
        "$ a month": round(sqs_usd + presence_usd + iot_usd, 2),
    }


@contextlib.contextmanager
def living(book: PriceBook) -> Iterator[Life]:
    """A life over an empty AWS in this process, which must be fresh."""
    from moto import mock_aws

    from tests.kit.cloud import create_buckets, create_queues, create_tables
    from tests.kit.receiver import running_receiver
    from tools.template import REGION, read_template

    with pytest.MonkeyPatch.context() as patch, mock_aws(), running_receiver() as receiver:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("POWERTOOLS_TRACE_DISABLED", "1")
        template = read_template()
        for create in (create_tables, create_buckets, create_queues):
            create(template)
        for function in template.functions():
            for name, value in template.environment(function).items():
                patch.setenv(name, value)
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        yield Life(template, book, receiver.url)


def main(arguments: list[str]) -> None:
    """Print the tables, or the section as one line of JSON."""
    paths = [Path(argument) for argument in arguments if not argument.startswith("--")]
    book = PriceBook.read(*paths)
    # The functions log their requests.
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        living(book) as life,
    ):
        made = section(life, book)
    print(json.dumps(asdict(made)) if "--json" in arguments else made.markdown())


if __name__ == "__main__":
    main(sys.argv[1:])
