"""DynamoDB's transactions: writes, most to one table, that happen all or not at all."""

from typing import Any

import msgspec

from shared.aws.attributes import encode_item
from shared.aws.clients import client
from shared.aws.errors import aws_errors
from shared.aws.expressions import Item, Update, condition


class Transaction(msgspec.Struct):
    """Writes that happen all or not at all; at most 100."""

    table: str
    actions: list[dict[str, Any]] = msgspec.field(default_factory=list)

    def put(self, item: Item, *, only_new: bool = False, unless: str | None = None) -> None:
        """Put an item; with `only_new` on condition that there is none, with `unless` that it
        has no attribute of this name.
        """
        request: dict[str, Any] = {"TableName": self.table, "Item": encode_item(item)}
        absent = "pk" if only_new else unless
        if absent:
            request["ConditionExpression"] = f"attribute_not_exists({absent})"
        self.actions.append({"Put": request})

    def check(self, pk: str, sk: str, *, must_exist: bool = False, unless: str) -> None:
        """Write nothing, but require that an item has no attribute of this name."""
        there = "attribute_exists(pk) AND " if must_exist else ""
        must_hold = f"{there}attribute_not_exists({unless})"
        key = encode_item({"pk": pk, "sk": sk})
        request = {"TableName": self.table, "Key": key, "ConditionExpression": must_hold}
        self.actions.append({"ConditionCheck": request})

    def update(self, update: Update, table: str | None = None) -> None:
        """Update an item, of another table where one is named, on the update's condition."""
        self.actions.append({"Update": update.request(table or self.table)})

    def delete(
        self, pk: str, sk: str, *, must_exist: bool = False, only_if: Item | None = None
    ) -> None:
        """Delete an item if it is there; with `must_exist` on condition that it is, with
        `only_if` on condition of its attributes.
        """
        request: dict[str, Any] = {"TableName": self.table}
        request["Key"] = encode_item({"pk": pk, "sk": sk})
        names: dict[str, str] = {}
        values: Item = {}
        wanted = Update(pk, sk, must_exist=must_exist, only_if=only_if or {})
        must_hold = condition(wanted, names, values)
        if must_hold:
            request["ConditionExpression"] = must_hold
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = encode_item(values)
        self.actions.append({"Delete": request})

    def commit(self) -> None:
        """Carry all out. Raises TransactionLost with a reason per action."""
        with aws_errors():
            client("dynamodb").transact_write_items(TransactItems=self.actions)
