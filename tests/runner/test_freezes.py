"""A runner that stands still while it measures: its times mean nothing then."""

from dataclasses import replace

from evalyard_runner.counting import counted_of
from evalyard_runner.freezes import FreezeWatch
from evalyard_runner.measure import Gaps, Sample
from evalyard_runner.measuring import timed_out
from evalyard_runner.metrics import metrics_of, sample_row
from evalyard_runner.options import Generation
from evalyard_runner.provenance import provenance_of
from evalyard_runner.result_flags import flags_of

WELL = Sample(
    "x",
    latency_ms=1100.0,
    ttft_ms=100.0,
    prompt_tokens=20,
    completion_tokens=11,
    evaluated_tokens=20,
    prefill_ms=50.0,
    decode_ms=1000.0,
    itl=Gaps(2, 1.0, 1.0, 1.0, 1.0),
)
FROZEN = replace(WELL, latency_ms=31_100.0, frozen_s=30.0)


class Clocks:
    """Two clocks that a test sets."""

    def __init__(self) -> None:
        self.awake = self.always = 100.0

    def pass_s(self, awake: float, asleep: float = 0.0) -> None:
        self.awake += awake
        self.always += awake + asleep


def watch(clocks: Clocks) -> FreezeWatch:
    return FreezeWatch(lambda: clocks.awake, lambda: clocks.always)


def test_freeze_is_noticed_when_the_process_was_stopped() -> None:
    clocks = Clocks()
    watching = watch(clocks)

    for _ in range(10):
        clocks.pass_s(0.6)
        assert watching.frozen_s() == 0.0
    clocks.pass_s(30.0)

    assert watching.frozen_s() == 30.0
    assert watching.frozen_s() == 30.0


def test_freeze_is_noticed_when_the_system_slept() -> None:
    clocks = Clocks()
    watching = watch(clocks)

    clocks.pass_s(0.5, asleep=29.5)

    assert watching.frozen_s() == 30.0


def test_times_are_null_when_the_only_repetition_was_interrupted() -> None:
    metrics = metrics_of([FROZEN], None)
    row = sample_row(0, FROZEN)
    said = provenance_of(metrics, [FROZEN], is_local=True)

    assert (metrics["prompt_tokens"], metrics["completion_tokens"]) == (20, 11)
    times = ("latency_ms", "ttft_ms", "tok_s", "tpot_ms", "prefill_tps")
    assert [metrics[name] for name in times] == [row[name] for name in times] == [None] * 5
    assert (row["itl_ms"], row["decode_ms"], row["interrupted_s"]) == (None, None, 30.0)
    assert (said["latency_ms"]["kind"], said["tok_s"]["why"]) == (
        "withheld", "the runner stood still for 30 s meanwhile"
    )  # fmt: skip


def test_attempt_costs_nothing_when_the_runner_stood_still_until_its_time_was_over() -> None:
    frozen, slow = timed_out(30.0, 31.2), timed_out(30.0, 0.0)

    assert (frozen.code, frozen.retryable) == ("device_lost", True)
    assert frozen.message == "the runner stood still for 31 s, and the job had 30 s"
    assert (slow.code, slow.message) == ("timeout", "not done after 30 s")


def test_interrupted_repetition_is_left_out_when_others_are_well() -> None:
    counted = counted_of([WELL, FROZEN, WELL], cache_wanted=False)

    metrics = metrics_of(counted.samples, None)

    assert (metrics["latency_ms"], metrics["tok_s"]) == (1100.0, 10.0)
    assert counted.why_not(FROZEN) == {"left_out": "interrupted"}
    assert flags_of([WELL, FROZEN], Generation("m", "p"), hot_start=False) == ["interrupted"]
