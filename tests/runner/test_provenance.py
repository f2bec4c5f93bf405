"""Who measured what, for every backend."""

import pytest
from evalyard_runner.measure import Gaps, Sample
from evalyard_runner.metrics import metrics_of
from evalyard_runner.provenance import extra_provenance_of, provenance_of

TIMES = {"latency_ms": 1100.0, "ttft_ms": 100.0, "itl": Gaps(2, 1.0, 1.0, 1.0, 1.0)}
COUNTS = {"prompt_tokens": 20, "completion_tokens": 11, "cached_tokens": 0, "evaluated_tokens": 20}
OF_OPENAI = Sample("x", **TIMES, prompt_tokens=20, completion_tokens=11)
OF_LLAMA_CPP = Sample("x", **TIMES, **COUNTS, prefill_ms=40.0, timed_by="llama_cpp_server")
OF_OLLAMA = Sample(
    "x", **TIMES, **COUNTS, prefill_ms=40.0, load_ms=9.0, counted_by="ollama", timed_by="ollama"
)


@pytest.mark.parametrize(
    ("sample", "counted_by", "beside"),
    [
        (OF_OPENAI, "server_usage", {"itl_ms"}),
        (OF_LLAMA_CPP, "server_usage", {"itl_ms", "cached_tokens"}),
        (OF_OLLAMA, "ollama", {"itl_ms", "cached_tokens"}),
    ],
)
def test_every_known_number_has_a_source_when_a_backend_has_answered(
    sample: Sample, counted_by: str, beside: set[str]
) -> None:
    metrics = metrics_of([sample], sample.load_ms)

    told = provenance_of(metrics, [sample], is_local=True)

    known = {name for name, value in metrics.items() if value is not None}
    assert told.keys() == known | beside
    for each in told.values():
        assert each["definition_version"] == 1
        assert each["kind"] in {"measured", "derived"}
    assert told["completion_tokens"]["source"] == counted_by
    assert (told["ttft_ms"]["source"], told["ttft_ms"]["clock"]) == ("client_stream", "device")
    assert told["tok_s"]["from"] == ["completion_tokens", "latency_ms", "ttft_ms"]


@pytest.mark.parametrize(("is_local", "clock"), [(True, "device"), (False, "server")])
def test_clock_is_the_servers_when_it_runs_elsewhere(is_local: bool, clock: str) -> None:
    told = provenance_of(metrics_of([OF_OLLAMA], 9.0), [OF_OLLAMA], is_local=is_local)

    assert (told["prefill_tps"]["source"], told["prefill_tps"]["clock"]) == ("ollama", clock)
    assert (told["load_ms"]["source"], told["load_ms"]["clock"]) == ("ollama", clock)
    assert told["latency_ms"]["clock"] == "device"


def test_loading_is_the_runners_measurement_when_it_loaded_the_model() -> None:
    told = provenance_of(metrics_of([OF_LLAMA_CPP], 7.0), [OF_LLAMA_CPP], is_local=True)

    assert (told["load_ms"]["source"], told["load_ms"]["clock"]) == ("runner", "device")
    assert "no part of latency_ms" in told["load_ms"]["when"]


def test_nothing_is_said_when_nothing_is_known() -> None:
    sample = Sample("x", latency_ms=5.0)

    told = provenance_of(metrics_of([sample], None), [sample], is_local=True)

    assert told.keys() == {"latency_ms"}


def test_extras_have_a_source_too_when_there_are_some() -> None:
    told = extra_provenance_of({"GPU power (W)": 50.0, "Energy per token (J)": 2.0}, [OF_OPENAI])

    assert told["GPU power (W)"]["source"] == "nvml"
    assert told["Energy per token (J)"]["kind"] == "derived"
