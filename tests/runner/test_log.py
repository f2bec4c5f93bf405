"""The lines a runner prints."""

import pytest
from evalyard_runner import log


def test_values_are_quoted_when_they_would_break_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.progress("job_failed", job_id="job_1", message="a b\nc", empty="", unknown=None, tok_s=12.0)

    assert (
        capsys.readouterr().out == 'job_failed job_id=job_1 message="a b\\nc" empty="" tok_s=12\n'
    )


def test_trouble_goes_to_stderr_when_something_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    log.trouble("api_unreachable", reason=ValueError("x" * 999))

    out, err = capsys.readouterr()
    assert (out, len(err) < 400) == ("", True)
