"""Whether the moments at which an answer arrived say how fast it was made; no I/O.

A proxy may hold an answer back, a server may think without streaming its thoughts: the tokens
counted then divide by a time that was not theirs.
"""

from typing import Final

from evalyard_runner.measure import Sample, Stopwatch

# A first piece of one token is what the formula assumes; a few more change little.
_LARGE_SHARE: Final = 0.2
_LARGE_TOKENS: Final = 3
# Tokens that show no text: ends of turns, marks of channels, a stop word.
_MARKS: Final = 32
# How far the server's decoding time may be from the runner's: network and scheduling.
_FAR_MS: Final = 50.0
_FAR_SHARE: Final = 0.25


def unseen_first_token(
    watch: Stopwatch,
    completion: int | None,
    silent: int | None = None,
    shown_bytes: int | None = None,
) -> str | None:
    """Why the moment of the first token is not known; None when it is.

    `silent` counts the reasoning tokens that were not streamed, `shown_bytes` what was, None where
    that says nothing about tokens.
    """
    if completion is None or completion < 2:
        return None
    if shown_bytes is not None and not silent and completion > shown_bytes + _MARKS:
        return f"the server counted {completion} tokens and streamed {shown_bytes} bytes"
    if silent:
        return f"the server counted {silent} reasoning tokens that it did not stream"
    share = watch.first_share
    if share is None:
        return None
    if watch.at_once:
        return "the whole answer arrived in one piece"
    if share > _LARGE_SHARE and share * completion > _LARGE_TOKENS:
        return f"{share:.0%} of the answer arrived in its first piece"
    return None


def contradiction(sample: Sample) -> str | None:
    """Why a speed by the arrivals would be wrong; None where nothing speaks against it."""
    if sample.frozen_s:
        return f"the runner stood still for {sample.frozen_s:.0f} s meanwhile"
    if sample.unseen is not None:
        return sample.unseen
    if sample.ttft_ms is None or sample.decode_ms is None:
        return None
    window_ms = sample.latency_ms - sample.ttft_ms
    far_ms = max(_FAR_MS, _FAR_SHARE * max(window_ms, sample.decode_ms))
    if abs(window_ms - sample.decode_ms) <= far_ms:
        return None
    return f"the server decoded for {sample.decode_ms:.0f} ms, it arrived in {window_ms:.0f} ms"


def is_buffered(sample: Sample) -> bool:
    """Whether something held the answer back, so that it came faster than it was made."""
    if sample.frozen_s or contradiction(sample) is None:
        return False
    if sample.unseen is not None:
        thought_in_silence = bool(sample.reasoning_tokens) and sample.reasoning_ms is None
        return not thought_in_silence
    return sample.latency_ms - (sample.ttft_ms or 0.0) < (sample.decode_ms or 0.0)
