"""DynamoDB's items, journalled: an answer leaves after what it says has reached the journal.

Every change of an item goes through two functions of MiniStack, and every request is carried out
in one step of its event loop. What one request changed becomes one line, so a transaction is
there whole or not at all.
"""

import json
import threading
from collections.abc import Iterator
from typing import Any

from local.emulator.journal import Journal, Operation
from local.emulator.watched import Items, Scope, WatchedDict

_ITEM, _GONE, _EMPTIED, _TABLE = "item", "item-gone", "table-emptied", "table"
_FULL = (
    500,
    {"Content-Type": "application/x-amz-json-1.0"},
    json.dumps(
        {"__type": "InternalServerError", "message": "The local cloud's disk is full."}
    ).encode(),
)
Answer = tuple[int, dict[str, str], bytes]


class Tables:
    """Between MiniStack's DynamoDB and the journal."""

    def __init__(self, dynamodb: Any, journal: Journal) -> None:
        self._dynamodb = dynamodb
        self._journal = journal
        self._touched = threading.local()
        self._writing = False
        # Tables made since the rest of the stack was last saved: only the journal knows them.
        self._unsaved: set[Scope] = set()
        # While the journal is repeated: the items of each table.
        self._repeated: dict[Scope, Items] = {}
        self.generation = 0

    # ------------------------------------------------------------------------- before the state

    def take_over(self) -> None:
        """Puts watched containers in place; nothing is journalled before `begin`."""
        self._dynamodb._tables._data = WatchedDict(self._enter, self._leave)

    def apply(self, operation: Operation, saved_generation: int) -> None:
        """Repeats one operation; of tables that the saved state knows better only items count."""
        kind, scope = operation[0], tuple(operation[1])
        if kind == _TABLE:
            if scope not in self._all() and operation[3] >= saved_generation:
                self._all()[scope] = {**operation[2], "items": Items()}
                self._unsaved.add(scope)
            return
        items = self._repeated.setdefault(scope, Items())
        if kind == _ITEM:
            items[operation[2]][operation[3]] = operation[4]
        elif kind == _GONE:
            _remove(items, operation[2], operation[3])
        else:
            items.clear()

    def recovered(self) -> None:
        """The journal was repeated: what it says of items holds, not what was saved."""
        for scope, table in self._all().items():
            table["items"] = self._repeated.get(scope, Items())
        self._repeated.clear()

    def begin(self) -> None:
        """From here on every change is journalled."""
        for table in self._all().values():
            self._dynamodb._items_replaced(table)
        for name, after in (
            ("_set_item", self._touch),
            ("_remove_item", self._touch),
            ("_items_replaced", self._touch_all),
        ):
            setattr(self._dynamodb, name, _followed(getattr(self._dynamodb, name), after))
        self._dynamodb.handle_request = self._in_one_line(self._dynamodb.handle_request)
        self._writing = True

    # --------------------------------------------------------------------------- from then on

    def _in_one_line(self, original: Any) -> Any:
        async def handle_request(*request: Any) -> Answer:
            self._touched.batch = []
            try:
                answer: Answer = await original(*request)
            finally:
                touched, self._touched.batch = self._touched.batch, None
                written = self._wrote(touched)
            return answer if written else _FULL

        return handle_request

    def _wrote(self, touched: list[Any]) -> bool:
        try:
            self._journal.append(lambda: [_operation(*each) for each in touched])
        except OSError:
            return False
        return True

    def _touch(self, table: Any, pk: Any, sk: Any, *_: Any) -> None:
        self._note(table, pk, sk)

    def _touch_all(self, table: Any) -> None:
        table["items"] = Items(table["items"])
        self._note(table, None, None)
        self._note_all(table)

    def _note_all(self, table: Any) -> None:
        for pk, under in list(table["items"].items()):
            for sk in list(under):
                self._note(table, pk, sk)

    def _note(self, table: Any, pk: Any, sk: Any) -> None:
        batch = getattr(self._touched, "batch", None)
        if batch is not None:
            batch.append((table, pk, sk))
        else:
            # Expired items are removed on a thread of their own.
            self._journal.append(lambda: [_operation(table, pk, sk)])

    def _enter(self, scope: Scope, table: Any, present: Any) -> Any:
        table["items"] = Items(table.get("items", {}))
        if present is not None and _same_keys(table, present) and not table["items"]:
            # A deployment that was killed half way makes its tables again.
            table["items"] = present["items"]
        if self._writing:
            self._unsaved.add(scope)
            self._journal.append(lambda: [_definition(scope, table, self.generation)])
            self._note_all(table)
        return table

    def _leave(self, scope: Scope) -> None:
        self._unsaved.discard(scope)
        if self._writing:
            self._journal.append(lambda: [[_EMPTIED, scope]])

    # ----------------------------------------------------------------------------- checkpoints

    def saved(self, generation: int) -> None:
        """The rest of the stack was saved, and with it what tables there are."""
        self.generation = generation
        self._unsaved.clear()

    def operations(self) -> Iterator[list[Operation]]:
        """Everything, a partition at a time; changes meanwhile are journalled as well."""
        for scope, table in list(self._all().items()):
            if scope in self._unsaved:
                yield [_definition(scope, table, self.generation)]
            for pk, under in list(table["items"].items()):
                yield [[_ITEM, scope, pk, sk, item] for sk, item in list(under.items())]

    def _all(self) -> dict[Scope, Any]:
        return self._dynamodb._tables._data  # type: ignore[no-any-return]


def _followed(original: Any, after: Any) -> Any:
    def replacement(*arguments: Any) -> Any:
        result = original(*arguments)
        after(*arguments)
        return result

    return replacement


def _operation(table: Any, pk: Any, sk: Any) -> Operation:
    """What became of an item: its content now, or that it is gone."""
    scope = _scope(table)
    if pk is None:
        return [_EMPTIED, scope]
    item = table["items"].get(pk, {}).get(sk)
    return [_GONE, scope, pk, sk] if item is None else [_ITEM, scope, pk, sk, item]


def _scope(table: Any) -> Scope:
    parts = table["TableArn"].split(":")
    return parts[4], parts[3], table["TableName"]


def _definition(scope: Scope, table: Any, generation: int) -> Operation:
    kept = {name: value for name, value in table.items() if name not in ("items", "_index_members")}
    return [_TABLE, scope, kept, generation]


def _remove(items: Items, pk: Any, sk: Any) -> None:
    under = items.get(pk, {})
    under.pop(sk, None)
    if not under:
        items.pop(pk, None)


def _same_keys(one: Any, other: Any) -> bool:
    return all(one.get(name) == other.get(name) for name in ("pk_name", "sk_name"))
