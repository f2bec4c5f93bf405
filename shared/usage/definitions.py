"""What every metric of usage means: the one table behind `GET /usage/definitions` and the docs."""

from typing import Literal

import msgspec

from shared.datasets import LabelMeaning


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One metric. `definition_version` grows when the formula changes, never for wording."""

    metric: str
    name: str
    formula: str
    unit: str | None
    better: Literal["higher", "lower"] | None
    kind: Literal["measured", "derived", "counted"]
    source: str
    definition_version: int = 1


_RUNNER_CLOCK = (
    "Who sent the run: a device runner reads the device's monotonic clock around the request to "
    "the model; datasets and imports are taken at their word."
)
_SERVER = "Evalyard, from the runs of the window."
_TOKENS = "The model's runtime, as the run's sender passed it on; null counts as 0 in sums."
_EACH = "a distribution (latency_ms, ttft_ms, tok_s, each label of extra)"
_TEST = "Evalyard, from n, mean and std of both sides of `GET /usage/compare`."

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        metric="runs",
        name="Runs",
        formula="number of runs in the window that pass the filters",
        unit="runs",
        better=None,
        kind="counted",
        source=_SERVER,
    ),
    Definition(
        metric="ok",
        name="Successful runs",
        formula="runs with ok = true",
        unit="runs",
        better=None,
        kind="counted",
        source=_SERVER,
    ),
    Definition(
        metric="errors",
        name="Failed runs",
        formula=(
            "runs − ok; a job counts once, when it ends as dead after it ran, and not "
            "once an attempt"
        ),
        unit="runs",
        better="lower",
        kind="counted",
        source=_SERVER,
    ),
    Definition(
        metric="error_rate",
        name="Error rate",
        formula="errors / runs; null where runs = 0. Compared as the mean of 0 (ok) and 1 (failed)",
        unit="1",
        better="lower",
        kind="derived",
        source=_SERVER,
    ),
    Definition(
        metric="prompt_tokens",
        name="Prompt tokens",
        formula="Σ prompt_tokens over all runs, failed ones too",
        unit="tokens",
        better=None,
        kind="measured",
        source=_TOKENS,
    ),
    Definition(
        metric="completion_tokens",
        name="Completion tokens",
        formula="Σ completion_tokens over all runs, failed ones too",
        unit="tokens",
        better=None,
        kind="measured",
        source=_TOKENS,
    ),
    Definition(
        metric="total_tokens",
        name="Tokens",
        formula="prompt_tokens + completion_tokens",
        unit="tokens",
        better=None,
        kind="derived",
        source=_SERVER,
    ),
    Definition(
        metric="latency_ms",
        name="Latency",
        formula="last token received − request sent, per run; runs with ok only",
        unit="ms",
        better="lower",
        kind="measured",
        source=_RUNNER_CLOCK,
    ),
    Definition(
        metric="ttft_ms",
        name="Time to first token",
        formula="first non-empty content token received − request sent, per run; null where the "
        "answer was not streamed; runs with ok only",
        unit="ms",
        better="lower",
        kind="measured",
        source=_RUNNER_CLOCK,
    ),
    Definition(
        metric="tok_s",
        name="Decode speed",
        formula="null with fewer than 2 tokens; else as the run says; else (completion_tokens − 1) "
        "/ ((latency_ms − ttft_ms) / 1000) where ttft_ms is known and below the latency; else "
        "completion_tokens / (latency_ms / 1000); else null; runs with ok only",
        unit="tokens/s",
        better="higher",
        kind="measured",
        source="The run's sender where it says tok_s, else derived by Evalyard when the run "
        "arrives. Its mean is the mean of runs: throughput_tps is the ratio of sums.",
        definition_version=2,
    ),
    Definition(
        metric="throughput_tps",
        name="Throughput",
        formula="Σ completion_tokens / Σ (latency_ms / 1000), both over the runs with ok that have "
        "both; null where none has",
        unit="tokens/s",
        better="higher",
        kind="derived",
        source=_SERVER,
        definition_version=2,
    ),
    Definition(
        metric="extra",
        name="Labelled extra metrics",
        formula="a distribution per label, over all runs that have it, failed ones too",
        unit=None,
        better=None,
        kind="measured",
        source="The run's sender. Unit and direction are what the adapters of your datasets say "
        "of the label (extra_fields: unit, better); null where none does or they contradict.",
    ),
    Definition(
        metric="n",
        name="Values",
        formula=f"number of runs that have a value, in {_EACH}",
        unit="runs",
        better=None,
        kind="counted",
        source=_SERVER,
    ),
    Definition(
        metric="mean",
        name="Mean",
        formula="Σ values / n; null where n = 0, like every other member",
        unit="that of the metric",
        better=None,
        kind="derived",
        source=_SERVER,
    ),
    Definition(
        metric="std",
        name="Standard deviation",
        formula="√(Σ (value − mean)² / n): the population's",
        unit="that of the metric",
        better=None,
        kind="derived",
        source=_SERVER,
    ),
    Definition(
        metric="min",
        name="Least value",
        formula="the least value",
        unit="that of the metric",
        better=None,
        kind="derived",
        source=_SERVER,
    ),
    *(
        Definition(
            metric=f"p{percent}",
            name=f"{percent}th percentile",
            formula=f"the value at place (n − 1) × {percent / 100:g} of the sorted values, linear "
            "between neighbours (NumPy's default); never averaged over buckets",
            unit="that of the metric",
            better=None,
            kind="derived",
            source=_SERVER,
        )
        for percent in (50, 90, 95, 99)
    ),
    Definition(
        metric="max",
        name="Greatest value",
        formula="the greatest value",
        unit="that of the metric",
        better=None,
        kind="derived",
        source=_SERVER,
    ),
    Definition(
        metric="exact",
        name="Exactness",
        formula="true: percentiles from the runs themselves; false: from rollups, each within 1 % "
        "of the true value (of an extra with both signs, within 1 % of its neighbours). Counts, "
        "sums, means and std are the same either way",
        unit=None,
        better=None,
        kind="derived",
        source=_SERVER,
    ),
    Definition(
        metric="delta",
        name="Difference",
        formula="mean of b − mean of a; delta_pct = delta / |mean of a| × 100, null where a's mean "
        "is 0",
        unit="that of the metric",
        better=None,
        kind="derived",
        source=_TEST,
    ),
    Definition(
        metric="ci95",
        name="95 % interval",
        formula="delta ± t × √(s²_a / n_a + s²_b / n_b), s² = std² × n / (n − 1), t Student's "
        "97.5 % point at Welch–Satterthwaite degrees of freedom",
        unit="that of the metric",
        better=None,
        kind="derived",
        source=_TEST,
    ),
    Definition(
        metric="p_value",
        name="p",
        formula="two-sided p of Welch's t-test: the probability of a difference this great where "
        "both sides are alike",
        unit="1",
        better=None,
        kind="derived",
        source=_TEST,
    ),
    Definition(
        metric="verdict",
        name="Verdict",
        formula="improved or regressed: p < 0.05 and |delta| ≥ min_effect_pct % of |mean of a|; "
        "unchanged: ci95 is within ± that effect; inconclusive: else, or with fewer than 2 "
        "values on a side",
        unit=None,
        better=None,
        kind="derived",
        source=_TEST,
    ),
    Definition(
        metric="more_runs",
        name="Runs missing",
        formula="how many more runs of the present mean and spread bring both sides to the least "
        "common number at which the verdict is no longer inconclusive; null where more than "
        "1,000,000 or none would",
        unit="runs",
        better=None,
        kind="derived",
        source=_TEST,
    ),
)

_BY_METRIC = {definition.metric: definition for definition in DEFINITIONS}


# Extras that Evalyard's own runner and gateway, and known tools, bring; an adapter's word stands
# over these.
KNOWN_LABELS: dict[str, LabelMeaning] = {
    "Peak memory (MB)": LabelMeaning("MB", "lower"),
    "Energy per token (J)": LabelMeaning("J", "lower"),
    "Gateway TTFT (ms)": LabelMeaning("ms", "lower"),
    "Gateway overhead (ms)": LabelMeaning("ms", "lower"),
    "prefill_tps": LabelMeaning("tokens/s", "higher"),
    "prefill_ms": LabelMeaning("ms", "lower"),
    "load_ms": LabelMeaning("ms", "lower"),
}


def definition(metric: str) -> Definition:
    """The definition of one metric."""
    return _BY_METRIC[metric]
