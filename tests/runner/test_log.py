"""The lines a runner prints."""

from io import BytesIO, TextIOWrapper

import pytest
from evalyard_runner import log


def test_values_are_quoted_when_they_would_break_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.progress("job_failed", job_id="job_1", message="a b\nc", empty="", unknown=None, tok_s=12.0)

    assert (
        capsys.readouterr().out == 'job_failed job_id=job_1 message="a b\\nc" empty="" tok_s=12\n'
    )


def test_line_is_in_ascii_when_the_stream_has_no_letters_for_it() -> None:
    stream = TextIOWrapper(BytesIO(), encoding="ascii")

    log.write(stream, "model=通义")

    assert stream.buffer.getvalue() == b"model=\\u901a\\u4e49\n"  # type: ignore[attr-defined]


def test_trouble_goes_to_stderr_when_something_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    log.trouble("api_unreachable", reason=ValueError("x" * 999))

    out, err = capsys.readouterr()
    assert (out, len(err) < 400) == ("", True)


def test_last_troubles_are_remembered_without_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(25):
        log.trouble("report_failed", job_id="job_secret", reason=f"r{number}")

    found = log.troubles()

    assert [each.detail for each in found] == [f"reason=r{number}" for number in range(5, 25)]
    assert found[-1].number - found[0].number == 19
    assert capsys.readouterr().err.count("job_secret") == 25


def test_trouble_is_no_longer_than_the_api_takes_when_its_letters_are_escaped() -> None:
    log.remember("model_not_loaded", reason="ж ж" * 100, path="ж ж" * 100)

    assert len(log.troubles()[-1].detail) <= 1_000
