"""Metrics of a dataset in storage: the right rows, series and counts, for few AWS calls."""

from collections import Counter

import pytest

from shared.datasets import DatasetNotFound, ExtraField
from shared.datasets.metrics import gathering
from shared.datasets.metrics.compute import POINT_BUDGET
from shared.errors import TooLarge
from shared.storage.lake.batch_revert import revert_batch
from shared.storage.log import delete_dataset
from tests.kit.faults import watched_calls
from tests.kit.statements import watched_statements
from tests.shared.datasets.metrics.conftest import series_of

AT = 1_764_784_800
AT_US = AT * 1_000_000
RUN = {"ts": AT + 60, "device": "a", "model": "m", "latency_ms": 100, "completion_tokens": 10}


def test_rows_count_once_when_folded_and_pending(dataset):
    dataset.append(RUN, RUN | {"ts": AT + 120}, fold=True)
    dataset.append(RUN | {"ts": AT + 180, "latency_ms": 400})

    found = dataset.metrics()

    latency = series_of(found, "latency_ms")
    assert (found.rows, found.from_us, found.to_us) == (3, AT_US + 60_000_000, AT_US + 180_000_000)
    assert [value for _, value in latency.points] == [100, 100, 400]
    assert (latency.summary.mean, latency.summary.last) == (200, 400)


@pytest.mark.exhaustive
def test_rows_count_once_when_folding_runs_between_any_two_calls(dataset):
    with watched_calls() as calls:
        dataset.append(RUN)
        dataset.metrics()
    for number in range(len(calls.names) + 4):
        dataset.append(RUN)
        with watched_calls() as calls:
            calls.before[number] = dataset.fold

            found = dataset.metrics()

        assert found.rows == series_of(found, "latency_ms").summary.n == number + 2


@pytest.mark.parametrize("folded", [False, True])
def test_rows_are_gone_when_their_batch_is_undone(dataset, folded):
    dataset.append(RUN)
    batch_id = dataset.append(RUN | {"latency_ms": 900}, fold=folded)
    dataset.metrics()

    revert_batch(dataset.log, batch_id)

    assert [dataset.metrics().rows, latencies(dataset)] == [1, [100]]
    dataset.fold()
    assert [dataset.metrics().rows, latencies(dataset)] == [1, [100]]


def latencies(dataset) -> list[float]:
    return [value for _, value in series_of(dataset.metrics(), "latency_ms").points]


@pytest.mark.parametrize("folded", [False, True])
def test_dataset_is_not_found_when_it_was_deleted(dataset, folded):
    dataset.append(RUN, fold=folded)
    dataset.metrics()

    delete_dataset(dataset.log, "d", runs=False)

    with pytest.raises(DatasetNotFound):
        dataset.metrics()
    dataset.append(RUN | {"latency_ms": 7})
    assert latencies(dataset) == [7]


def test_last_is_of_the_later_row_when_instants_are_equal(dataset):
    dataset.append(RUN | {"latency_ms": 1}, RUN | {"latency_ms": 2}, fold=True)
    dataset.append(RUN | {"latency_ms": 3}, RUN | {"latency_ms": 4})

    assert series_of(dataset.metrics(), "latency_ms").summary.last == 4


def test_series_are_the_adapters_when_one_is_saved(dataset):
    dataset.save(
        enabled=False,
        latency_ms_field="t.total",
        extra_fields=(
            ExtraField(label="Power (W)", field="power", unit="W", better="lower"),
            ExtraField(label="Charging", field="charging", kind="boolean"),
            ExtraField(label="Note", field="note", kind="string"),
        ),
    )
    dataset.append(
        {"ts": AT + 1, "t": {"total": 500}, "completion_tokens": 10, "power": 5, "charging": True},
        {
            "ts": AT + 2,
            "t.total": 250,
            "completion_tokens": "x",
            "charging": False,
            "tok_s": 7,
            "z": 1,
        },
    )

    found = {(series.field, series.label): series for series in dataset.metrics().series}

    assert [(series.field, series.kind, series.extra) for series in found.values()] == [
        ("prompt_tokens", "number", False),
        ("completion_tokens", "number", False),
        ("t.total", "number", False),
        ("ttft_ms", "number", False),
        ("tok_s", "number", False),
        ("power", "number", True),
        ("charging", "boolean", True),
    ]
    assert found["t.total", "Latency (ms)"].summary.mean == 375
    assert found["completion_tokens", "Completion tokens"].summary.n == 1
    assert found["tok_s", "Speed (tok/s)"].summary.last == 20
    assert [value for _, value in found["charging", "Charging"].points] == [1, 0]
    power = found["power", "Power (W)"]
    assert (power.unit, power.better, power.summary.n) == ("W", "lower", 1)


def test_series_are_all_number_fields_when_there_is_no_adapter(dataset):
    dataset.append(RUN | {"tok_s": 5, "power": 1, "note": "x", "gpu": {"load": 0.5}}, fold=True)
    dataset.append(RUN | {"power": 2, "fan": 3, "device": 7, "Power": 9, "ok": True})

    found = dataset.metrics()

    assert [(series.field, series.extra, series.summary.n) for series in found.series] == [
        ("completion_tokens", False, 2),
        ("latency_ms", False, 2),
        ("tok_s", False, 2),
        ("power", True, 2),
        ("Power", True, 1),
        ("fan", True, 1),
        ("gpu.load", True, 1),
    ]
    assert [value for _, value in series_of(found, "tok_s").points] == [5, 100]


@pytest.mark.exhaustive
def test_series_are_those_in_most_rows_when_there_are_too_many(dataset):
    dataset.append({f"k{number:03}": number for number in range(300)}, {"k299": 1})

    fields = [series.field for series in dataset.metrics().series]

    assert fields == ["k299", *(f"k{number:03}" for number in range(255))]


def test_statements_do_not_grow_with_series_when_there_are_many(dataset):
    dataset.append(RUN, *(RUN | {"ts": AT + n, "extra": n} for n in range(1, 30)))
    with watched_statements() as few:
        assert len(dataset.metrics(max_points=10, split="device").series) == 4
    dataset.append({f"k{n:02}": n for n in range(50)} | RUN)

    with watched_statements() as many:
        assert len(dataset.metrics(max_points=10, split="device").series) == 54

    assert len(many) == len(few)


def test_only_matching_rows_count_when_filtered(dataset):
    dataset.append(
        RUN,
        RUN | {"device": "b", "ts": "2025-12-03T18:02:00Z"},
        RUN | {"device": "b", "model": "n'", "ts": AT + 180},
        RUN | {"device": "c\x00", "ts": "never"},
        RUN | {"device": 7, "ts": str(AT + 240)},
    )

    def rows(**query):
        return dataset.metrics(**query).rows

    assert rows() == 5
    assert rows(devices=("b", "c\x00")) == 3
    assert rows(devices=("7",)) == 1
    assert rows(models=("n'",), devices=("a", "b")) == 1
    assert rows(from_us=AT_US + 120_000_000) == 3
    assert rows(to_us=AT_US + 120_000_000) == 1
    assert rows(from_us=AT_US + 120_000_000, to_us=AT_US + 180_000_000) == 1
    assert rows(devices=("nobody",)) == 0


def test_labels_are_counted_with_most_rows_first(dataset):
    dataset.append(RUN, {"ts": AT + 1}, RUN | {"device": "b"}, RUN | {"device": "b"})

    found = dataset.metrics()

    assert found.by_device == [("b", 2), ("a", 1), (None, 1)]
    assert found.by_model == [("m", 3), (None, 1)]


def test_answer_is_empty_when_there_is_only_an_adapter(dataset):
    dataset.save()

    found = dataset.metrics()

    assert (found.rows, found.from_us, found.by_device) == (0, None, [])
    assert [series.points for series in found.series] == [[]] * 5


def test_unknown_dataset_is_not_found(dataset):
    with pytest.raises(DatasetNotFound):
        dataset.metrics()


def test_dataset_is_refused_when_it_is_too_large(dataset, monkeypatch):
    dataset.append(RUN, fold=True)
    monkeypatch.setattr(gathering, "METRICS_MAX_BYTES", 10)

    with pytest.raises(TooLarge):
        dataset.metrics()


@pytest.mark.exhaustive
def test_points_are_shared_out_when_there_are_many_series(dataset):
    extras = tuple(ExtraField(label=str(n), field=f"f{n}") for n in range(64))
    dataset.save(extra_fields=extras)
    fields = [f"f{number}" for number in range(64)]
    dataset.append(*(dict.fromkeys(fields, n % 7) | {"ts": AT + n} for n in range(1, 1_200)))

    found = dataset.metrics(max_points=5_000)

    assert sum(len(series.points) for series in found.series) <= POINT_BUDGET
    assert series_of(found, "f0").downsampled
    assert len(series_of(found, "f0").points) > 900


@pytest.mark.parametrize("folded", [1, 200])
def test_calls_are_few_and_a_volume_is_fetched_once_when_asked_again(dataset, folded):
    dataset.append(*[RUN] * folded, fold=True)
    for _ in range(3):
        dataset.append(RUN)

    with watched_calls() as cold:
        dataset.metrics()
    with watched_calls() as warm:
        dataset.metrics()

    # Checkpoint twice, the folded part, the adapter; then segments and the volume.
    assert Counter(cold.names) == {"GetItem": 4, "ListObjectsV2": 1, "GetObject": 3 + 1}
    assert Counter(warm.names) == {"GetItem": 4, "ListObjectsV2": 1, "GetObject": 3}


def test_volume_is_not_fetched_again_when_the_adapter_changes(dataset):
    dataset.append(RUN, fold=True)
    dataset.metrics()
    dataset.save(latency_ms_field="completion_tokens")

    with watched_calls() as calls:
        found = dataset.metrics()

    assert "GetObject" not in calls.names
    assert series_of(found, "completion_tokens").summary.mean == 10


def test_volume_is_fetched_in_pieces_when_it_is_large(dataset, monkeypatch):
    monkeypatch.setattr(gathering, "_PIECE_BYTES", 100)
    dataset.append(*({"ts": AT + n, "v": n} for n in range(1, 101)), fold=True)

    found = dataset.metrics()

    assert series_of(found, "v").summary.mean == 50.5
    assert found.rows == 100
