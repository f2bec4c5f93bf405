"""A table and a bucket in memory, for simulations that make more calls than moto bears.

They speak the product's own terms (`Update`, conditions by attribute), so no expression is
parsed: a write takes microseconds, through moto milliseconds. What they do is a part of what
the real ones do, and every rule that is simulated here is also tested once through moto.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

import msgspec

from shared.aws import Bucket, ConditionFailed, Item, ObjectMissing, Table, TransactionLost, Update

# The sort key by which an item is found, and its own key.
_Entry = tuple[str, tuple[str, str]]
_LOST = "ConditionalCheckFailed"
_INDEXES = {
    "waiting": ("waits_in", "rank"),
    "due": ("due_in", "due_at"),
    "dead": ("dead_in", "dead_rank"),
    "dead_by_user": ("dead_user", "dead_rank"),
}


class MemoryTable(Table, frozen=True):
    """Items by key, with the jobs table's sparse indexes. `others` are tables by name, which
    transactions may write to as well.
    """

    others: dict[str, "MemoryTable"] = msgspec.field(default_factory=dict)
    items: dict[tuple[str, str], Item] = msgspec.field(default_factory=dict)
    order: dict[tuple[str | None, str], list[_Entry]] = msgspec.field(
        default_factory=lambda: defaultdict(list)
    )

    def get(self, pk: str, sk: str) -> Item | None:
        return deepcopy(self.items.get((pk, sk)))

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        return [deepcopy(self.items[key]) for key in dict.fromkeys(keys) if key in self.items]

    def pages(
        self,
        pk: str,
        *,
        prefix: str = "",
        between: tuple[str, str] | None = None,
        index: str | None = None,
        key_names: tuple[str, str] = ("pk", "sk"),
        descending: bool = False,
        limit: int | None = None,
        after: str | None = None,
    ) -> Iterator[list[Item]]:
        del key_names, limit
        low, high = between or (prefix, prefix + "\uffff")
        found = [each for each in self.order[index, pk] if low <= each[0] <= high]
        found = [each for each in found if after is None or each[0] > after]
        yield [deepcopy(self.items[key]) for _, key in _ordered(found, descending)]

    def put(self, item: Item, *, only_new: bool = False) -> None:
        key = item["pk"], item["sk"]
        if only_new and key in self.items:
            raise ConditionFailed("there is one")
        self._write(key, deepcopy(item))

    def update(self, update: Update) -> Item:
        if not self.allows(update):
            raise ConditionFailed("the stored state is another one")
        self.carry_out(update)
        return deepcopy(self.items[update.pk, update.sk])

    def delete(self, pk: str, sk: str) -> Item | None:
        before = self.items.get((pk, sk))
        self._write((pk, sk), None)
        return before

    def transaction(self) -> "MemoryTransaction":  # type: ignore[override]
        return MemoryTransaction(self)

    def allows(self, update: Update) -> bool:
        """Whether an update's conditions hold."""
        item = self.items.get((update.pk, update.sk))
        assert not update.extra_condition, "expressions are not read here"
        if update.must_exist and item is None:
            return False
        there = item or {}
        return all(there.get(name) == value for name, value in update.only_if.items())

    def carry_out(self, update: Update) -> None:
        """Update without looking at conditions."""
        key = update.pk, update.sk
        item = dict(self.items.get(key, {"pk": update.pk, "sk": update.sk}))
        for name, value in update.set_if_absent.items():
            item.setdefault(name, value)
        item |= deepcopy(update.set)
        for name, value in update.add.items():
            item[name] = _grown(item.get(name), value)
        for name, value in update.discard.items():
            item[name] = set(item.get(name, ())) - value
        for name in update.remove:
            item.pop(name, None)
        self._write(key, item)

    def _write(self, key: tuple[str, str], item: Item | None) -> None:
        for place, entry in _entries(key, self.items.pop(key, None)):
            entries = self.order[place]
            del entries[bisect_left(entries, entry)]
        if item is not None:
            self.items[key] = item
            for place, entry in _entries(key, item):
                insort(self.order[place], entry)


class MemoryTransaction:
    """Writes of one or more tables in memory: all or none."""

    def __init__(self, table: MemoryTable) -> None:
        self._table = table
        # All tables of one simulation, by name.
        self._tables = table.others
        self._steps: list[Any] = []
        self._checks: list[Any] = []

    def put(self, item: Item, *, only_new: bool = False, unless: str | None = None) -> None:
        assert unless is None
        key = item["pk"], item["sk"]
        self._checks.append(lambda: not (only_new and key in self._table.items))
        self._steps.append(lambda: self._table.put(item))

    def update(self, update: Update, table: str | None = None) -> None:
        where = self._tables[table] if table else self._table
        self._checks.append(lambda: where.allows(update))
        self._steps.append(lambda: where.carry_out(update))

    def delete(self, pk: str, sk: str, *, must_exist: bool = False, only_if: Any = None) -> None:
        wanted = Update(pk, sk, must_exist=must_exist, only_if=only_if or {})
        self._checks.append(lambda: self._table.allows(wanted))
        self._steps.append(lambda: self._table.delete(pk, sk))

    def commit(self) -> None:
        reasons = tuple("None" if check() else _LOST for check in self._checks)
        if _LOST in reasons:
            raise TransactionLost(reasons)
        for step in self._steps:
            step()


class MemoryBucket(Bucket, frozen=True):
    """Objects by key, without versions."""

    objects: dict[str, bytes] = msgspec.field(default_factory=dict)

    def put_new(self, key: str, body: bytes) -> bool:
        return self.objects.setdefault(key, body) is body

    def get(
        self, key: str, *, version_id: str | None = None, start: int = 0, end: int | None = None
    ) -> bytes:
        del version_id
        if key not in self.objects:
            raise ObjectMissing(key)
        return self.objects[key][start:end]


def _ordered(found: list[_Entry], descending: bool) -> list[_Entry]:
    return found[::-1] if descending else found


def _entries(
    key: tuple[str, str], item: Item | None
) -> Iterator[tuple[tuple[str | None, str], _Entry]]:
    """Where an item stands in the table and its indexes."""
    if item is None:
        return
    yield (None, key[0]), (key[1], key)
    for index, (hashed, ranged) in _INDEXES.items():
        if item.get(hashed) is not None:
            yield (index, item[hashed]), (item[ranged], key)


def _grown(before: Any, more: Any) -> Any:
    if isinstance(more, set):
        return set(before or ()) | more
    return (before or 0) + more
