"""What a device may do on the broker: connect under its own names, and speak on its own topics."""

import json
from urllib.parse import parse_qs, urlsplit

from shared.aws import Credentials
from shared.devices import down_topic
from shared.devices.channel import ChannelTerms
from shared.devices.session import SessionTerms, session_policy

PREFIX = "arn:aws:iot:eu-west-1:123456789012"
TERMS = ChannelTerms("evalyard", "abc-ats.iot.eu-west-1.amazonaws.com", "eu-west-1", PREFIX)
KEYS = Credentials("AKIA", "secret", "token/+=", 0)


def test_only_its_own_topics_and_names_are_a_devices_when_a_policy_is_made() -> None:
    found = {each["Action"]: each["Resource"] for each in TERMS.statements("dev-1")}

    device = TERMS.channel("dev-1", KEYS)
    assert device is not None
    assert found == {
        "iot:Connect": f"{PREFIX}:client/{device.client_ids[0][:-1]}?",
        "iot:Subscribe": f"{PREFIX}:topicfilter/{device.down}",
        "iot:Receive": f"{PREFIX}:topic/{device.down}",
        "iot:Publish": f"{PREFIX}:topic/{device.up}*",
    }


def test_two_devices_share_nothing_when_their_serials_look_alike() -> None:
    one, other = (TERMS.channel(serial, KEYS) for serial in ("a/b", "a+b"))

    assert one is not None
    assert other is not None
    assert {one.down, one.up, *one.client_ids}.isdisjoint({other.down, other.up, *other.client_ids})
    assert not {"/", "+", "#"} & set(one.client_ids[0])
    assert down_topic("evalyard", "a/b") == one.down


def test_policy_fits_a_session_when_names_are_the_longest() -> None:
    """AWS takes 2,048 characters."""
    stack, account = "s" * 30, "arn:aws:sqs:ap-southeast-1:123456789012:evalyard-dead"
    terms = SessionTerms("role", account, stack, "abc-ats.iot.ap-southeast-1.amazonaws.com")
    urls = [f"https://sqs/1/{'q' * 80}" for _ in range(2)]

    policy = session_policy(urls, account)
    policy["Statement"] += terms.channel.statements("dev-1")

    assert len(json.dumps(policy)) < 2_048


def test_address_carries_the_token_after_the_signature_when_it_is_signed() -> None:
    channel = TERMS.channel("dev-1", KEYS)

    assert channel is not None
    address = urlsplit(channel.url)
    said = parse_qs(address.query)
    assert (address.scheme, address.hostname, address.path) == ("wss", TERMS.endpoint, "/mqtt")
    assert "/eu-west-1/iotdevicegateway/aws4_request" in said["X-Amz-Credential"][0]
    assert said["X-Amz-Security-Token"] == ["token/+="]
    assert channel.url.index("X-Amz-Signature") < channel.url.index("X-Amz-Security-Token")


def test_address_is_plain_when_the_broker_is_on_this_machine() -> None:
    local = ChannelTerms("evalyard", "data.iot.us-east-1.localhost:4566", "us-east-1", PREFIX)

    channel = local.channel("dev-1", Credentials("a", "b", "", 0))

    assert channel is not None
    assert channel.url.startswith("ws://data.iot.us-east-1.localhost:4566/mqtt?")
    assert "Token" not in channel.url


def test_device_is_not_reached_when_the_deployment_has_no_broker() -> None:
    none = ChannelTerms("evalyard", "", "us-east-1", PREFIX)

    assert (none.channel("dev-1", KEYS), none.statements("dev-1")) == (None, [])
