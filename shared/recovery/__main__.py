"""Restores datasets, usage and jobs to an earlier moment: all users', or some.

Without `--apply` it only says what it would do. It has the tables of that moment made by
point-in-time recovery (or takes those it is given), then goes from user to user; each is
closed only while its own storage is put back. A line of JSON a user, and one for all; 1
when the state of some user's moment cannot be put together. Interrupted, it may be run again.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from shared import clock
from shared.accounts import find_user
from shared.aws import Bucket, Table, begin_recovery, is_there
from shared.clock import SECOND_US
from shared.errors import EvalyardError
from shared.jobs import BodyStore, JobRecovery, JobStore
from shared.storage.assembly import Restoration, RestoreImpossible
from shared.storage.log import Catalog

_LOOK_AGAIN_S = 15.0
# How old the newest moment is that DynamoDB recovers ("typically five minutes").
_LAG_S = 300


@dataclass(frozen=True)
class Recovery:
    """The recovery of one stack's users to a moment; without `apply` it only looks."""

    restoration: Restoration
    jobs: JobRecovery
    accounts: Table | None
    apply: bool

    def line(self, user_id: str) -> dict[str, Any]:
        """What became of a user, or would."""
        if self.accounts is not None and not self._had_account(self.accounts, user_id):
            return {"user_id": user_id, "skipped": "no account of then is there (any more)"}
        try:
            done = self._storage(user_id)
            jobs = self.jobs.bring_back(user_id) if self.apply else _length(self.jobs.gone(user_id))
        except RestoreImpossible as exc:
            return {"user_id": user_id, "impossible": exc.detail, "missing": exc.missing}
        except EvalyardError as exc:
            # One user's trouble costs no other.
            return {"user_id": user_id, "failed": exc.detail}
        return {**done, "jobs_brought_back": jobs}

    def users(self) -> list[str]:
        """Who may have had anything then."""
        return sorted({*self.restoration.users(), *self.jobs.users()})

    def _had_account(self, accounts: Table, user_id: str) -> bool:
        """Whether the account is there and is that of then: an erased one's id may be another's."""
        user = find_user(accounts, user_id)
        return user is not None and user.created_us <= self.restoration.moment_s * SECOND_US

    def _storage(self, user_id: str) -> dict[str, Any]:
        if not self.restoration.was_there(user_id):
            return {"user_id": user_id, "skipped": "had no data at that moment"}
        carry_out = self.restoration.carry_out if self.apply else self.restoration.look
        done: dict[str, Any] = msgspec.to_builtins(carry_out(user_id))
        return done


def main(arguments: list[str]) -> int:
    """0 done · 1 not for some user, as the lines say · 2 not a moment that can be restored."""
    options = _parser().parse_args(arguments)
    moment_s = clock.read_time(options.at) / SECOND_US
    refusal = _refusal(options, moment_s)
    if refusal:
        sys.stderr.write(f"{options.at}: {refusal}\n")
        return 2
    recovery = _recovery(options, moment_s)
    users = options.user or recovery.users()
    lines = [_told(recovery.line(user_id)) for user_id in users]
    return _sum_up(lines, options)


def _refusal(options: argparse.Namespace, moment_s: float) -> str:
    """Why a moment cannot be restored; empty when it can."""
    now = clock.now_s()
    if moment_s > now:
        return "this moment is still to come"
    if moment_s < now - options.recovery_days * 86_400:
        return (
            f"more than {options.recovery_days} days ago (RecoveryDays); what was deleted is gone"
        )
    if not options.past_catalog and moment_s > now - _LAG_S:
        return "the tables' recovery lags up to five minutes; wait, or take an earlier moment"
    return ""


def _recovery(options: argparse.Namespace, moment_s: float) -> Recovery:
    bucket = Bucket(options.bucket)
    past_catalog = _past(options.catalog, options.past_catalog, moment_s)
    past_jobs = _past(options.jobs, options.past_jobs, moment_s)
    for table in (past_catalog, past_jobs):
        _wait_for(table)
    # No job is moved to or from a device, so no slot is needed: any table does. Nor is a body made:
    # those that come back keep their time.
    jobs = Table(options.jobs)
    store = JobStore(jobs, BodyStore(jobs, bucket, kept_days=0), jobs)
    return Recovery(
        Restoration(bucket, Catalog(Table(options.catalog)), Catalog(past_catalog), moment_s),
        JobRecovery(store, past_jobs),
        Table(options.accounts) if options.accounts else None,
        options.apply,
    )


def _past(table: str, given: str | None, moment_s: float) -> Table:
    """The table as it was: the one that is given, else one that is made (once)."""
    if given:
        return Table(given)
    name = f"{table}-at-{int(moment_s)}"
    begin_recovery(table, name, moment_s)
    return Table(name)


def _wait_for(table: Table) -> None:
    while not is_there(table):
        sys.stderr.write(f"waiting for {table.name}\n")
        clock.sleep(_LOOK_AGAIN_S)


def _told(line: dict[str, Any]) -> dict[str, Any]:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()
    return line


def _sum_up(lines: list[dict[str, Any]], options: argparse.Namespace) -> int:
    after = [line["after"] for line in lines if "after" in line]
    troubled = sum("impossible" in line or "failed" in line for line in lines)
    _told(
        {
            "users": len(lines),
            "troubled": troubled,
            "rows": sum(sum(figures["rows"].values()) for figures in after),
            "runs": sum(figures["runs"] for figures in after),
            "applied": options.apply,
        }
    )
    return min(1, troubled)


def _length(items: Iterator[object]) -> int:
    return sum(1 for _ in items)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared.recovery", description=__doc__)
    add = parser.add_argument
    add("--bucket", required=True, help="name of the data bucket")
    add("--catalog", required=True, help="name of the catalog's table")
    add("--jobs", required=True, help="name of the jobs' table")
    add("--accounts", help="name of the accounts' table; users who were erased since are left out")
    add("--at", required=True, help="the moment, as 2026-11-22T10:00:00Z")
    add("--recovery-days", type=int, default=7, help="the stack's RecoveryDays")
    add("--past-catalog", help="the catalog's table of that moment, if it is made already")
    add("--past-jobs", help="the jobs' table of that moment, if it is made already")
    add("--user", action="append", help="only this user; may be given again")
    add("--apply", action="store_true", help="do it")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
