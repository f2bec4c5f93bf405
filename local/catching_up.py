"""What a local cloud does once after it was killed: every schedule of the stack, now.

Schedules look for what got lost on the way, and repeating them is harmless; waiting for their time
would leave it lost for that long.
"""

import threading
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import LocalAws
from local.errors import LocalCloudError
from local.fire import fire, schedules
from local.stack import Stack


def catch_up(aws: LocalAws, stack: Stack, say: Callable[[str], None]) -> threading.Thread:
    """Fires all schedules, one after the other, on a thread that ends with the program."""
    thread = threading.Thread(
        target=_fire_all, args=(aws, stack, say), name="catch-up", daemon=True
    )
    thread.start()
    return thread


def _fire_all(aws: LocalAws, stack: Stack, say: Callable[[str], None]) -> None:
    for name in schedules(stack):
        try:
            fire(aws, stack, name)
        except (BotoCoreError, ClientError, LocalCloudError) as exc:
            say(f"{name} after the crash: {exc}")
