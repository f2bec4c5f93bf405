"""How long a call of AWS may take."""

import pytest

from shared.aws.clients import client, client_without_retries
from tools.template import read_template

# Botocore's standard mode waits at most 1 s before the second try, 2 s before the third.
PAUSES_S = 3


@pytest.mark.parametrize("make", [client, client_without_retries])
@pytest.mark.parametrize("service", ["s3", "dynamodb", "sqs", "sts"])
def test_all_tries_of_a_call_fit_into_what_a_caller_waits(aws, make, service):
    config = make(service).meta.config

    one_try_s = config.connect_timeout + config.read_timeout
    longest_s = config.retries["total_max_attempts"] * one_try_s + PAUSES_S

    assert longest_s < read_template().functions()["Usage"]["Properties"]["Timeout"]
