"""How long a call of AWS may take, and what it says of the caller."""

from itertools import product

import botocore.session
import pytest

from shared.aws import clients
from shared.aws.clients import SERVICES, client, client_without_retries
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


def test_header_of_a_call_is_the_one_of_the_session_when_it_names_the_caller(aws):
    sent = []
    events = client("sts").meta.events

    def note(request, **_):
        sent.append(request.headers["User-Agent"])

    events.register("before-send.sts", note)
    try:
        client("sts").get_caller_identity()
    finally:
        events.unregister("before-send.sts", note)

    (agent,) = sent
    # The longer one that botocore makes for each call says `ua/2.1`.
    text = agent.decode() if isinstance(agent, bytes) else agent
    assert text.startswith("Botocore/")
    assert "ua/" not in text


def test_handlers_of_our_services_are_those_that_botocore_registers():
    ours = clients._session().get_component("event_emitter")._emitter
    botocores = botocore.session.Session().get_component("event_emitter")._emitter
    kinds = {event.partition(".")[0] for event, *_ in clients.BUILTIN_HANDLERS} - {"docs"}
    services = {
        service: botocore.session.Session().get_service_model(service).operation_names
        for service in SERVICES
    }

    for service, operations in services.items():
        for kind, operation in product(kinds, ["", *operations]):
            event = f"{kind}.{service}.{operation}".strip(".")
            found = names(ours._handlers.prefix_search(event))
            assert found == names(botocores._handlers.prefix_search(event)), event


def names(handlers):
    """Handlers by name, in their order; two sessions have the same functions, or equal objects."""
    return [getattr(each, "__qualname__", type(each).__name__) for each in handlers]
