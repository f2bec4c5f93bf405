"""SQS's queues and messages, journalled: what was accepted is there after any death.

Senders append to a queue's list of messages, and what removes one replaces the list, some of it
on threads. Both are watched under one lock, which also mends a race of MiniStack: a message
that is sent while another thread makes the new list was lost.
"""

import copy
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, SupportsIndex

from local.emulator.journal import Journal, Operation
from local.emulator.watched import Scope, WatchedDict

_MESSAGE, _GONE, _QUEUE, _QUEUE_GONE = "message", "message-gone", "queue", "queue-gone"
# A message that was never received cannot have been deleted; retention begins at a minute.
_FRESH_S = 30.0
_CHANGING = (
    *("SetQueueAttributes", "AddPermission", "RemovePermission", "TagQueue", "UntagQueue"),
)


class Messages(list[Any]):
    """A queue's messages. Saved state has none of them: the journal has."""

    def __init__(self, queue: "Queue", content: Iterable[Any] = ()) -> None:
        super().__init__(content)
        self._queue = queue

    def append(self, message: Any) -> None:
        self._queue.take(message)

    def add(self, message: Any) -> None:
        """Appends without journalling."""
        super().append(message)

    def remove(self, message: Any) -> None:
        self._queue["messages"] = [each for each in self._queue["messages"] if each is not message]

    def clear(self) -> None:
        self._queue.empty()

    def __delitem__(self, _index: SupportsIndex | slice) -> None:
        # A guard: MiniStack 1.5.33 never does this, and an update of it must not lose messages.
        raise NotImplementedError("MiniStack removes messages in a way that is not journalled")

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return []


class Queue(dict[str, Any]):
    """One queue as MiniStack keeps it, with its messages watched."""

    def __init__(self, scope: Scope, content: dict[str, Any], queues: "Queues") -> None:
        super().__init__(content)
        self.scope = scope
        self._queues = queues
        dict.__setitem__(self, "messages", Messages(self, content.get("messages", ())))

    def take(self, message: Any) -> None:
        """A message was sent."""
        message.setdefault("sent_at", time.time())
        with self._queues.lock:
            self["messages"].add(message)
            self._queues.note([self._operation(message)])

    def __setitem__(self, name: str, value: Any) -> None:
        if name != "messages":
            super().__setitem__(name, value)
            return
        with self._queues.lock:
            kept = {each["id"] for each in value}
            missing = [each for each in self["messages"] if each["id"] not in kept]
            lost = [each for each in missing if _never_received(each)]
            gone = [each for each in missing if not _never_received(each)]
            super().__setitem__("messages", Messages(self, [*value, *lost]))
            self._queues.note([[_GONE, self.scope, each["id"]] for each in gone])

    def empty(self) -> None:
        """Removes all messages, fresh ones too."""
        with self._queues.lock:
            gone: list[Operation] = [[_GONE, self.scope, each["id"]] for each in self["messages"]]
            super().__setitem__("messages", Messages(self))
            self._queues.note(gone)

    def changed(self, messages: Iterable[Any]) -> None:
        """Messages were received, or their visibility was changed."""
        with self._queues.lock:
            self._queues.note([self._operation(each) for each in messages])

    def fill(self, messages: Iterable[Any]) -> None:
        """Puts the messages of the journal, or of this queue's predecessor, in place."""
        super().__setitem__("messages", Messages(self, messages))

    def operations(self) -> list[Operation]:
        """Its messages, for a checkpoint."""
        return [self._operation(each) for each in list(self["messages"])]

    def definition(self, generation: int) -> Operation:
        """The queue itself."""
        kept = {name: value for name, value in self.items() if name != "messages"}
        return [_QUEUE, self.scope, kept, generation]

    def _operation(self, message: Any) -> Operation:
        return [_MESSAGE, self.scope, message]

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {name: copy.deepcopy(value, memo) for name, value in list(self.items())}


class Queues:
    """Between MiniStack's SQS and the journal."""

    def __init__(self, sqs: Any, journal: Journal) -> None:
        self._sqs = sqs
        self._journal = journal
        self.lock = threading.RLock()
        self._writing = False
        # Queues made or changed since the rest of the stack was last saved.
        self._unsaved: set[Scope] = set()
        # While the journal is repeated: messages by id, in the order in which they came.
        self._repeated: dict[Scope, dict[str, Any]] = {}
        self.generation = 0

    def take_over(self) -> None:
        """Puts watched containers in place; nothing is journalled before `begin`."""
        self._sqs._queues._data = WatchedDict(self._enter, self._leave)

    def apply(self, operation: Operation, saved_generation: int) -> None:
        """Repeats one operation; a queue that the saved state knows better stays as saved."""
        kind, scope = operation[0], tuple(operation[1])
        messages = self._repeated.setdefault(scope, {})
        if kind == _MESSAGE:
            messages[operation[2]["id"]] = operation[2]
        elif kind == _GONE:
            messages.pop(operation[2], None)
        elif kind == _QUEUE and operation[3] >= saved_generation:
            self._all()[scope] = operation[2]
            self._unsaved.add(scope)
        elif kind == _QUEUE_GONE:
            messages.clear()
            if operation[2] >= saved_generation:
                self._all().pop(scope, None)

    def recovered(self) -> None:
        """The journal was repeated: what it says of messages holds, not what was saved."""
        for scope, queue in self._all().items():
            queue.fill(self._repeated.get(scope, {}).values())
        self._repeated.clear()

    def begin(self, consumed_here: set[str]) -> None:
        """From here on every change is journalled.

        `consumed_here`: ARNs of the queues that MiniStack itself reads for functions. Whatever it
        had received from them died with it, so those messages are visible again at once.
        """
        self._sqs._rebuild_queue_name_index()
        for queue in self._all().values():
            for message in queue["messages"]:
                self._sqs._ensure_msg_fields(message)
                if queue["attributes"].get("QueueArn") in consumed_here:
                    message["visible_at"] = min(message["visible_at"], time.time())
        self._sqs._collect_msgs = self._journalled_receive(self._sqs._collect_msgs)
        for action in ("ChangeMessageVisibility", "ChangeMessageVisibilityBatch"):
            self._follow(action, self._visibility_changed)
        for action in _CHANGING:
            self._follow(action, self._queue_changed)
        self._writing = True

    def note(self, operations: list[Operation]) -> None:
        """Journals, once begun."""
        if self._writing:
            self._journal.append(lambda: operations)

    # --------------------------------------------------------------------------- from then on

    def _journalled_receive(self, original: Any) -> Any:
        def collect(queue: Any, *arguments: Any) -> list[Any]:
            with self.lock:
                received: list[Any] = original(queue, *arguments)
                queue.changed(received)
            return received

        return collect

    def _follow(self, action: str, after: Any) -> None:
        original = self._sqs._HANDLERS[action]

        def replacement(data: dict[str, Any], url: str) -> Any:
            result = original(data, url)
            after(self._sqs._get_q(data.get("QueueUrl", url)), data)
            return result

        self._sqs._HANDLERS[action] = replacement

    def _visibility_changed(self, queue: Queue, data: dict[str, Any]) -> None:
        handles = {each.get("ReceiptHandle") for each in data.get("Entries", [data])}
        queue.changed(each for each in queue["messages"] if each["receipt_handle"] in handles)

    def _queue_changed(self, queue: Queue, _data: dict[str, Any]) -> None:
        self._unsaved.add(queue.scope)
        self.note([queue.definition(self.generation)])

    def _enter(self, scope: Scope, content: Any, present: Any) -> Queue:
        queue = Queue(scope, content, self)
        if present is not None:
            # A deployment that was killed half way makes its queues again.
            queue.fill([*present["messages"], *queue["messages"]])
        if self._writing:
            self._queue_changed(queue, {})
        return queue

    def _leave(self, scope: Scope) -> None:
        self._unsaved.discard(scope)
        self.note([[_QUEUE_GONE, scope, self.generation]])

    # ----------------------------------------------------------------------------- checkpoints

    def saved(self, generation: int) -> None:
        """The rest of the stack was saved, and with it what queues there are."""
        self.generation = generation
        self._unsaved.clear()

    def operations(self) -> Iterator[list[Operation]]:
        """Everything, a queue at a time; changes meanwhile are journalled as well."""
        for scope, queue in list(self._all().items()):
            if scope in self._unsaved:
                yield [queue.definition(self.generation)]
            yield queue.operations()

    def _all(self) -> dict[Scope, Queue]:
        return self._sqs._queues._data  # type: ignore[no-any-return]


def _never_received(message: Any) -> bool:
    sent = message.get("sent_at", 0.0)
    return not message.get("receipt_handle") and time.time() - sent < _FRESH_S
