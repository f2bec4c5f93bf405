"""A job's options as the body of a request."""

import pytest
from evalyard_runner.options import Generation, chat_body, plain_body


def test_job_gets_the_default_length_when_it_names_none() -> None:
    assert chat_body(Generation("m", "hi"), "up", 99)["max_tokens"] == 99


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
def test_length_is_the_jobs_own_when_it_uses_the_servers_name(key: str) -> None:
    body = chat_body(Generation("m", "hi", options={key: 5, "num_predict": 6}), "up", 99)

    assert body[key] == 5
    assert "num_predict" not in body
    assert len({"max_tokens", "max_completion_tokens"} & body.keys()) == 1


@pytest.mark.parametrize("key", ["stream", "stream_options", "model", "messages", "n"])
def test_option_is_dropped_when_it_would_change_what_is_measured(key: str) -> None:
    plain = chat_body(Generation("m", "hi"), "up", 99)

    assert chat_body(Generation("m", "hi", options={key: "mine"}), "up", 99) == plain


def test_base_model_continues_system_and_prompt_when_both_are_there() -> None:
    assert plain_body(Generation("m", "hi", "be brief"), "up", 9)["prompt"] == "be brief\n\nhi"
