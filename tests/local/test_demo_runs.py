"""The demo's runs are the same each time, so that filling in again doubles nothing."""

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
