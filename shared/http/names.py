"""What ids look like at the edge: one place for each kind.

An id that cannot be one is not looked up, so no key of a table is ever too long or empty: in a
path there is no such thing (404, by the code of its kind), in a body it is not acceptable
(422), in a query it is unreadable (400).
"""

from collections.abc import Callable
from re import compile as compiled
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, Field

from shared.errors import EvalyardError, NotFound

USER_ID = r"^[a-z0-9][a-z0-9_-]{0,63}$"
SERIAL = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
# Ids that the service makes: a prefix and a ULID; of another form there is none.
MADE_ID = r"^[A-Za-z0-9_-]{1,64}$"

# In bodies and queries.
UserId = Annotated[str, Field(pattern=USER_ID, examples=["ada"])]
Serial = Annotated[str, Field(pattern=SERIAL, examples=["0000asd"])]
BatchId = Annotated[str, Field(pattern=MADE_ID, examples=["bat_01KBJ8S2X0ZZZZZZZZZZZZZZZZ"])]


def in_path(pattern: str, absent: Callable[[], EvalyardError]) -> AfterValidator:
    """Lets only such ids of a path pass; `absent` is raised for all others."""
    readable = compiled(pattern.removeprefix("^").removesuffix("$"))

    def check(value: str) -> str:
        if not readable.fullmatch(value):
            raise absent()
        return value

    return AfterValidator(check)


def _no(thing: str, code: str) -> Callable[[], NotFound]:
    return lambda: NotFound(f"there is no such {thing}", code=code)


JobIdInPath = Annotated[
    str,
    Path(json_schema_extra={"pattern": MADE_ID}),
    in_path(MADE_ID, _no("job", "job_not_found")),
]
WebhookIdInPath = Annotated[
    str,
    Path(json_schema_extra={"pattern": MADE_ID}),
    in_path(MADE_ID, _no("callback", "callback_not_found")),
]
TokenIdInPath = Annotated[
    str,
    Path(json_schema_extra={"pattern": MADE_ID}),
    in_path(MADE_ID, _no("token of yours", "token_not_found")),
]
UserIdInPath = Annotated[
    str,
    Path(json_schema_extra={"pattern": USER_ID}),
    in_path(USER_ID, _no("user", "user_not_found")),
]
SerialInPath = Annotated[
    str,
    Path(json_schema_extra={"pattern": SERIAL}),
    in_path(SERIAL, _no("device", "device_not_found")),
]
