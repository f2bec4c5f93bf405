"""Rates after a start: one by one, where MiniStack would fire all that came due meanwhile at once.

Each of them starts a process; together they would keep a small machine from whatever it was started
for.
"""

import time
from typing import Any


def spread_rates(scheduler: Any, eventbridge: Any) -> None:
    """Takes the place of what MiniStack's scheduler looks for due schedules with, every ten
    seconds: of those that it has not fired yet one is due each time, from now on.
    """
    fire = scheduler._tick_schedules

    def fire_spread() -> None:
        now, fired = time.time(), scheduler._schedule_last_fired
        place = 0
        for key, schedule in list(scheduler._schedules._data.items()):
            interval = eventbridge._parse_rate_seconds(schedule.get("ScheduleExpression", ""))
            if interval is None or key in fired:
                continue
            if now - schedule.get("CreationDate", now) >= interval:
                fired[key] = now - interval + place * scheduler._SCHEDULE_TICK_INTERVAL
                place += 1
        fire()

    scheduler._tick_schedules = fire_spread
