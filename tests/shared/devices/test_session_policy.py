"""Session policies name the device's queues and nothing else."""

from shared.devices.queues import device_queue_name, queue_arn
from shared.devices.session import session_policy

DEAD = "arn:aws:sqs:eu-west-1:123456789012:evalyard-dead"


def test_only_these_queues_may_be_pulled_when_a_policy_is_made() -> None:
    urls = [f"https://sqs.eu-west-1.amazonaws.com/123456789012/q-{n}" for n in range(8)]

    (statement,) = session_policy(urls, DEAD)["Statement"]

    assert statement["Resource"] == [f"arn:aws:sqs:eu-west-1:123456789012:q-{n}" for n in range(8)]
    assert statement["Action"] == [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
    ]


def test_names_differ_when_serials_look_alike() -> None:
    names = {device_queue_name("e-device-", serial, "high") for serial in ("a.b", "a-b", "a:b")}

    assert len(names) == 3
    assert all(name.startswith("e-device-a-b-") and len(name) <= 80 for name in names)


def test_a_neighbour_gives_account_and_region_when_an_arn_is_made() -> None:
    assert queue_arn(DEAD, "x") == "arn:aws:sqs:eu-west-1:123456789012:x"
