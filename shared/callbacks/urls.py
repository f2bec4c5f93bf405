"""What is known of a user's URLs: which have answered 410 and are left alone, and how often one was
pinged.

`CALLBACKS#<user_id> / URL#<sha256>` and `… / PINGS#<minute>` in the jobs table.
"""

import hashlib
from dataclasses import dataclass
from urllib.parse import urldefrag

from shared import clock
from shared.aws import ConditionFailed, Table, Update
from shared.errors import TooManyRequests

# A URL that is gone is asked again after this long: some come back under the same name.
DISABLED_S = 30 * 86_400
PINGS_A_MINUTE = 10


class TooManyPings(TooManyRequests):
    """The user has sent as many pings as one minute allows."""

    code = "too_many_pings"


@dataclass(frozen=True)
class CallbackUrls:
    """The URLs of all users."""

    table: Table

    def disable(self, user_id: str, url: str) -> None:
        """Send nothing more to a URL that answered 410, for 30 days."""
        until = clock.now_s() + DISABLED_S
        self.table.update(
            Update(*_url_key(user_id, url), set={"disabled_until_s": until, "expires_at": until})
        )

    def enable(self, user_id: str, url: str) -> None:
        """Send to a URL again, as it was seen to answer."""
        gone = ("disabled_until_s",)
        try:
            self.table.update(Update(*_url_key(user_id, url), remove=gone, must_exist=True))
        except ConditionFailed:
            return

    def disabled(self, user_id: str, url: str) -> bool:
        """Whether a URL has answered 410 and is left alone."""
        item = self.table.get(*_url_key(user_id, url)) or {}
        return bool((item.get("disabled_until_s") or 0) > clock.now_s())

    def count_ping(self, user_id: str) -> None:
        """Take one of this minute's pings. Raises TooManyPings."""
        minute, passed_s = divmod(clock.now_s(), 60)
        counted = self.table.update(
            Update(
                _partition(user_id),
                f"PINGS#{minute}",
                set={"expires_at": (minute + 2) * 60},
                add={"count": 1},
            )
        )
        if counted["count"] > PINGS_A_MINUTE:
            detail = f"at most {PINGS_A_MINUTE} pings a minute; try again in {60 - passed_s} s"
            raise TooManyPings(detail, retry_after_s=60 - passed_s)


def _partition(user_id: str) -> str:
    return f"CALLBACKS#{user_id}"


def _url_key(user_id: str, url: str) -> tuple[str, str]:
    return _partition(user_id), f"URL#{hashlib.sha256(urldefrag(url).url.encode()).hexdigest()}"
