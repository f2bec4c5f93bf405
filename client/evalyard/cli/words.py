"""How options are written: `k=v`, `24h`, conditions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds(text: str) -> float:
    """The seconds of `90s`, `30m`, `24h`, `7d`, `2w`; a number without a unit is seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw]?)", text.strip())
    if not found or not float(found[1]):
        raise click.BadParameter(f"{text!r} is no length of time, such as 24h or 7d")
    return float(found[1]) * _UNITS_S[found[2] or "s"]


def pairs(given: Sequence[str]) -> dict[str, Any]:
    """Values by name; a name may repeat."""
    found: dict[str, list[str]] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{each!r} is not NAME=VALUE")
        found.setdefault(name, []).append(value)
    return found


def conditions(given: Sequence[str]) -> dict[str, Any]:
    """Conditions with numbers and truth values as such."""
    return {name: _value(values[-1]) for name, values in pairs(given).items()}


def labels(given: Sequence[str]) -> dict[str, str]:
    """Conditions as an import takes them for what does not say them itself."""
    return {f"cond.{name}": values[-1] for name, values in pairs(given).items()}


def window(last: str | None, since: str | None, until: str | None) -> dict[str, object] | None:
    """A window of options."""
    if last and (since or until):
        raise click.UsageError("--window and --from/--to are two windows")
    if last:
        return {"last_s": seconds(last)}
    named = {"from": since, "to": until}
    return {name: value for name, value in named.items() if value} or None


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    # A commit of digits only, or 007, stays the text that it is.
    if re.fullmatch(r"-?(0|[1-9]\d{0,8})(\.\d{1,6})?", text):
        return float(text) if "." in text else int(text)
    return text
