"""One line per event: a constant past-tense name, then `key=value` fields.

Progress goes to stdout, trouble to stderr. Prompts, outputs, tokens and keys never come here.
"""

import json
import sys

_LONGEST_VALUE = 300


def progress(event: str, **fields: object) -> None:
    """What went as it should."""
    print(_line(event, fields), flush=True)


def trouble(event: str, **fields: object) -> None:
    """What an operator may have to look at."""
    print(_line(event, fields), file=sys.stderr, flush=True)


def _line(event: str, fields: dict[str, object]) -> str:
    shown = (f"{key}={_value(value)}" for key, value in fields.items() if value is not None)
    return " ".join((event, *shown))


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = str(value)[:_LONGEST_VALUE]
    plain = text and text.isprintable() and not any(c in text for c in ' "=')
    return text if plain else json.dumps(text)
