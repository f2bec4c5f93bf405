"""Batches of messages: one by one, and answered in the form that Lambda understands."""

import pytest

from shared.messages import Message, MessageUnreadable, handle_each, messages_of
from tests.kit.faults import UNFORESEEN
from tests.kit.yard import sqs_event


def refusing(*bad: str, failure: Exception | None = None):
    """Handles all but those with these bodies."""

    def handle(message: Message) -> bool:
        if message.body in bad and failure:
            raise failure
        return message.body not in bad

    return handle


@pytest.mark.parametrize("failure", [None, *UNFORESEEN], ids=lambda f: type(f).__name__)
def test_only_the_failed_one_comes_again_when_one_fails(failure, capsys):
    answer = handle_each(sqs_event("a", "b", "c"), refusing("b", failure=failure))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert ("MessagesNotHandled" in capsys.readouterr().out) == (failure is not None)


def test_all_come_again_by_name_when_all_fail():
    answer = handle_each(sqs_event("a", "b"), refusing("a", "b", failure=RuntimeError("no")))

    assert answer == {
        "batchItemFailures": [{"itemIdentifier": "message-0"}, {"itemIdentifier": "message-1"}]
    }


def test_a_message_is_named_once_when_the_batch_has_it_twice():
    record = {"messageId": "m", "body": "a"}

    answer = handle_each({"Records": [record, record]}, refusing("a"))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}


@pytest.mark.parametrize(
    "event", [None, [], "text", {}, {"Records": None}, {"Records": {}}, {"Event": "s3:TestEvent"}]
)
def test_nothing_comes_again_when_an_event_has_no_messages(event, capsys):
    answer = handle_each(event, refusing())

    assert answer == {"batchItemFailures": []}
    assert "UnreadableEvents" in capsys.readouterr().out


def test_the_others_are_handled_when_a_record_cannot_be_named(capsys):
    records = [None, 5, {}, {"messageId": ""}, {"messageId": 7}, {"messageId": "m", "body": "a"}]

    answer = handle_each({"Records": records}, refusing("a"))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert capsys.readouterr().out.count('"UnreadableEvents":') >= 5


def test_no_empty_batch_is_an_answer_that_lambda_would_misread():
    assert handle_each({"Records": []}, refusing()) == {"batchItemFailures": []}


@pytest.mark.parametrize(
    "body", [None, 5, "", "{", "[]", '{"a": "x"}', "[" * 100_000, '{"a": "\ud83d"}']
)
def test_body_is_unreadable_when_it_is_of_another_shape(body):
    (message,) = messages_of({"Records": [{"messageId": "m", "body": body}]})

    with pytest.raises(MessageUnreadable):
        message.read(dict[str, int])
