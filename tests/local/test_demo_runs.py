"""The demo's runs are the same each time, so that filling in again doubles nothing."""

from local.demo_jobs import JOBS, MESSAGES, result_of, seconds_of
from local.demo_rows import server_rows, soak_rows
from local.demo_runs import DAY_S, DEVICES, month_of_runs

NOW_S = 1_790_000_000


def test_the_same_month_gives_the_same_runs() -> None:
    assert list(month_of_runs(NOW_S)) == list(month_of_runs(NOW_S))


def test_runs_of_an_hour_later_keep_their_ids_and_add_new_ones() -> None:
    before = {row["run_id"]: row["ts"] for row in month_of_runs(NOW_S)}
    after = {row["run_id"]: row["ts"] for row in month_of_runs(NOW_S + 3_600)}

    common = before.keys() & after.keys()
    assert len(common) > 0.99 * len(before)
    assert all(before[run_id] == after[run_id] for run_id in common)
    assert after.keys() - before.keys()


def test_runs_lie_in_the_month_and_have_ids_of_their_own() -> None:
    rows = list(month_of_runs(NOW_S))

    assert len({row["run_id"] for row in rows}) == len(rows) > 5_000
    assert all(NOW_S - 30 * DAY_S - 300 <= row["ts"] < NOW_S for row in rows)
    assert {row["device"] for row in rows} == {device.serial for device in DEVICES}
    assert {row["tag"] for row in rows} == {"build-41", "build-42", "build-43"}


def test_every_run_is_one_that_could_have_been_measured() -> None:
    for row in month_of_runs(NOW_S):
        assert 0 < row["ttft_ms"] <= row["latency_ms"]
        assert row["completion_tokens"] >= 1
        assert all(value > 0 for value in row["extra"].values())


def test_rows_of_datasets_are_the_same_each_time_and_in_the_past() -> None:
    for rows_of in (server_rows, soak_rows):
        rows = list(rows_of(NOW_S))

        assert rows == list(rows_of(NOW_S))
        assert len({row["device"] for row in rows}) == 2
        assert all(row["ts"] < "2026-09-21T14:13:20Z" for row in rows)


def test_phones_are_slower_at_the_end_of_the_soak_than_at_its_beginning() -> None:
    for phone in ("galaxy-s25", "pixel-9-pro"):
        rows = [row for row in soak_rows(NOW_S) if row["device"] == phone]
        first, last = rows[:10], rows[-10:]

        assert min(row["soc_c"] for row in last) > max(row["soc_c"] for row in first) + 10
        assert max(row["decode"]["tok_s"] for row in last) < min(
            row["decode"]["tok_s"] for row in first
        )


def test_every_job_has_an_output_or_a_failure_that_is_explained() -> None:
    for job in JOBS:
        assert (job.output is None) != (job.failure is None)
        assert job.failure is None or job.failure in MESSAGES


def test_numbers_of_a_result_agree_with_its_repetitions() -> None:
    for job in (job for job in JOBS if job.output):
        device = next(each for each in DEVICES if each.serial == job.serial)
        found = result_of(device, next(iter(device.speeds)), job)

        assert found["provenance"].keys() >= found["metrics"].keys()
        assert seconds_of(found) < 5
        for sample in found["samples"]:
            assert sample["ttft_ms"] < sample["latency_ms"]
