"""DynamoDB's expressions, made of plain Python values: `#name` and `:value` are placed here."""

from typing import Any

import msgspec

from shared.aws.attributes import encode, encode_item

Item = dict[str, Any]


class Update(msgspec.Struct, frozen=True):
    """An update of one item: attributes to set and remove, counters to add to, a condition.

    `add` also grows sets of strings and `discard` takes members out of them.

    `only_if` maps attribute names to required values (None: the attribute must be
    absent); `extra_condition` is appended as an expression over `names` and `values`.
    """

    pk: str
    sk: str
    set: Item = msgspec.field(default_factory=dict)
    set_if_absent: Item = msgspec.field(default_factory=dict)
    add: Item = msgspec.field(default_factory=dict)
    discard: Item = msgspec.field(default_factory=dict)
    remove: tuple[str, ...] = ()
    only_if: Item = msgspec.field(default_factory=dict)
    must_exist: bool = False
    extra_condition: str = ""
    names: dict[str, str] = msgspec.field(default_factory=dict)
    values: Item = msgspec.field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """The UpdateItem (or transaction) parameters."""
        names, values = dict(self.names), dict(self.values)
        clauses = [_set_clause(self, names, values), _add_clause(self, names, values)]
        if self.remove:
            clauses.append("REMOVE " + ", ".join(_name(names, part) for part in self.remove))
        clauses.append(_discard_clause(self, names, values))
        must_hold = condition(self, names, values)
        request: dict[str, Any] = {
            "TableName": table,
            "Key": encode_item({"pk": self.pk, "sk": self.sk}),
            "UpdateExpression": " ".join(clause for clause in clauses if clause),
            "ExpressionAttributeNames": names,
        }
        if values:
            request["ExpressionAttributeValues"] = encode_item(values)
        if must_hold:
            request["ConditionExpression"] = must_hold
        return request


def query_request(
    table: str,
    pk: str,
    prefix: str,
    between: tuple[str, str] | None,
    index: str | None,
    key_names: tuple[str, str],
) -> dict[str, Any]:
    """The parameters of a query of one partition, as `Table.query` describes them."""
    names = {"#p": key_names[0]}
    values: dict[str, Any] = {":p": encode(pk)}
    condition = "#p = :p"
    if between:
        condition += " AND #s BETWEEN :low AND :high"
        values |= {":low": encode(between[0]), ":high": encode(between[1])}
    elif prefix:
        condition += " AND begins_with(#s, :prefix)"
        values[":prefix"] = encode(prefix)
    if between or prefix:
        names["#s"] = key_names[1]
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return request | ({"IndexName": index} if index else {})


def _name(names: dict[str, str], attribute: str) -> str:
    placeholder = f"#n{len(names)}"
    names[placeholder] = attribute
    return placeholder


def _value(values: Item, value: object) -> str:
    placeholder = f":v{len(values)}"
    values[placeholder] = value
    return placeholder


def _set_clause(update: Update, names: dict[str, str], values: Item) -> str:
    parts = [f"{_name(names, key)} = {_value(values, value)}" for key, value in update.set.items()]
    for key, value in update.set_if_absent.items():
        name = _name(names, key)
        parts.append(f"{name} = if_not_exists({name}, {_value(values, value)})")
    return "SET " + ", ".join(parts) if parts else ""


def _add_clause(update: Update, names: dict[str, str], values: Item) -> str:
    parts = [f"{_name(names, key)} {_value(values, value)}" for key, value in update.add.items()]
    return "ADD " + ", ".join(parts) if parts else ""


def _discard_clause(update: Update, names: dict[str, str], values: Item) -> str:
    parts = [f"{_name(names, key)} {_value(values, part)}" for key, part in update.discard.items()]
    return "DELETE " + ", ".join(parts) if parts else ""


def condition(update: Update, names: dict[str, str], values: Item) -> str:
    """What must hold for an update; adds its placeholders to `names` and `values`."""
    parts = ["attribute_exists(pk)"] if update.must_exist else []
    for key, value in update.only_if.items():
        name = _name(names, key)
        absent = value is None
        parts.append(
            f"attribute_not_exists({name})" if absent else f"{name} = {_value(values, value)}"
        )
    if update.extra_condition:
        parts.append(f"({update.extra_condition})")
    return " AND ".join(parts)
