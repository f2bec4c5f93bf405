"""A queue's messages are journalled, and none is lost to a thread that rebuilds the list."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator.journal import Journal
from local.emulator.queues import Queue, Queues

SCOPE = ("000000000000", "us-east-1", "http://localhost/q")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    opened = Journal(tmp_path)
    opened.recover(lambda _: None)
    opened.checkpoint().finish()
    return opened


@pytest.fixture
def queues(journal: Journal) -> Queues:
    """SQS with one empty queue, as after a start."""
    sqs = SimpleNamespace(
        _queues=SimpleNamespace(_data={}),
        _rebuild_queue_name_index=lambda: None,
        _ensure_msg_fields=lambda message: None,
        _collect_msgs=lambda queue, count: queue["messages"][:count],
        _HANDLERS=dict.fromkeys(
            (
                *("ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "SetQueueAttributes"),
                *("AddPermission", "RemovePermission", "TagQueue", "UntagQueue"),
            )
        ),
    )
    made = Queues(sqs, journal)
    made.take_over()
    sqs._queues._data[SCOPE] = {"name": "q", "attributes": {}, "messages": []}
    made.begin(set())
    return made


@pytest.fixture
def queue(queues: Queues) -> Queue:
    return queues._all()[SCOPE]


def message(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "receipt_handle": None, "visible_at": 0.0, "body": name, **more}


def stored(folder: Path) -> list[str]:
    """Ids of the messages that a start would find."""
    found: dict[str, Any] = {}

    def repeat(operation: Any) -> None:
        if operation[0] == "message":
            found[operation[2]["id"]] = operation[2]
        elif operation[0] == "message-gone":
            found.pop(operation[2], None)

    Journal(folder).recover(repeat)
    return list(found)


def test_message_stays_when_it_was_sent_while_another_thread_made_the_list(
    queue: Queue, tmp_path: Path
) -> None:
    queue["messages"].append(message("first", receipt_handle="r"))
    held = queue["messages"]
    left = [each for each in held if each["receipt_handle"] != "r"]
    held.append(message("sent meanwhile"))

    queue["messages"] = left
    held.append(message("sent to the old list"))

    assert [each["id"] for each in queue["messages"]] == ["sent meanwhile", "sent to the old list"]
    assert stored(tmp_path) == ["sent meanwhile", "sent to the old list"]


def test_expired_message_is_gone_when_the_list_is_made_without_it(
    queue: Queue, tmp_path: Path
) -> None:
    queue["messages"].append(message("old", sent_at=1.0))

    queue["messages"] = []

    assert queue["messages"] == []
    assert stored(tmp_path) == []


def test_all_messages_are_gone_when_the_queue_is_purged(queue: Queue, tmp_path: Path) -> None:
    queue["messages"].append(message("fresh"))

    queue["messages"].clear()

    assert queue["messages"] == []
    assert stored(tmp_path) == []


def test_messages_stay_when_the_queue_is_made_again(queues: Queues, queue: Queue) -> None:
    queue["messages"].append(message("waiting"))

    queues._all()[SCOPE] = {"name": "q", "attributes": {"new": "1"}, "messages": []}  # type: ignore[assignment]

    again = queues._all()[SCOPE]
    assert [each["id"] for each in again["messages"]] == ["waiting"]
    assert again["attributes"] == {"new": "1"}


def test_unknown_way_to_remove_messages_is_refused(queue: Queue) -> None:
    queue["messages"].append(message("m"))

    with pytest.raises(NotImplementedError, match="not journalled"):
        del queue["messages"][0]
