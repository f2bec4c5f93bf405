"""Baselines: the figures of some runs, kept under a name, so that a gate compares with what was
measured then, whatever became of the runs since.

`BASELINE#<name>` in the user's catalog partition says which version is in force and what was in
force before; its figures are an object. Both are written before anything names them: first the
object, then the item on condition that its version is still the one that was read.
"""

import re
from typing import Any

import msgspec

from shared import clock, ids
from shared.aws import Bucket, ConditionFailed, ObjectMissing, Table, Update
from shared.errors import Conflict, NotFound, Unacceptable
from shared.storage.log import partition
from shared.usage.moments import SideMoments

MAX_BASELINES = 500
MAX_HISTORY = 50
PREFIX = "baselines/"
_ITEM_PREFIX = "BASELINE#"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_TRIES = 5


class BaselineNotFound(NotFound):
    """There is no such baseline."""

    code = "baseline_not_found"


class BaselineEmpty(Unacceptable):
    """No runs are in it, so nothing could be compared with it."""

    code = "baseline_empty"


class TooManyBaselines(Unacceptable):
    """The user has as many baselines as there may be."""

    code = "too_many_baselines"


class BaselineVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version: why it was set, by whom and when, and how many runs it has."""

    version: int
    reason: str
    set_by: str
    set_us: int
    runs: int


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A baseline as it is in force; `history` are its versions, the newest first."""

    name: str
    filters: dict[str, list[Any]]
    from_us: int
    to_us: int
    by: tuple[str, ...]
    series: int
    key: str
    history: tuple[BaselineVersion, ...]

    @property
    def current(self) -> BaselineVersion:
        """The version that is in force."""
        return self.history[0]

    def document(self) -> dict[str, Any]:
        """The baseline as the API shows it, without its history."""
        current = self.current
        return {
            "name": self.name,
            "version": current.version,
            "filters": self.filters,
            "window": {"from": clock.iso(self.from_us), "to": clock.iso(self.to_us)},
            "by": list(self.by),
            "runs": current.runs,
            "series": self.series,
            "reason": current.reason,
            "set_by": current.set_by,
            "set_at": clock.iso(current.set_us),
        }

    def past(self) -> list[dict[str, Any]]:
        """Its versions as the API shows them, the newest first."""
        return [
            {
                "version": each.version,
                "reason": each.reason,
                "set_by": each.set_by,
                "set_at": clock.iso(each.set_us),
                "runs": each.runs,
            }
            for each in self.history
        ]


class BaselineChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a baseline is to become, and why."""

    name: str
    filters: dict[str, list[Any]]
    from_us: int
    to_us: int
    reason: str


def check_baseline_name(name: str) -> str:
    """The name, if a baseline may have it: those of datasets. Raises BaselineNotFound."""
    if not _NAME.fullmatch(name):
        raise BaselineNotFound("no baseline has such a name")
    return name


class Baselines:
    """A user's baselines."""

    def __init__(self, bucket: Bucket, catalog: Table, user_id: str) -> None:
        self._bucket, self._catalog, self._user_id = bucket, catalog, user_id

    def find(self, name: str) -> Baseline:
        """The baseline of a name. Raises BaselineNotFound."""
        found = self._read(name)
        if found is None:
            raise BaselineNotFound(f"you have no baseline {name!r}")
        return found

    def _read(self, name: str) -> Baseline | None:
        item = self._catalog.get(partition(self._user_id), _ITEM_PREFIX + name)
        return None if item is None else _baseline(item)

    def all(self) -> list[Baseline]:
        """All of them, the one that was set last first."""
        items = self._catalog.query(partition(self._user_id), prefix=_ITEM_PREFIX)
        return sorted(map(_baseline, items), key=lambda each: (-each.current.set_us, each.name))

    def figures(self, baseline: Baseline) -> SideMoments:
        """What it keeps. Raises BaselineNotFound when it was deleted meanwhile."""
        try:
            body = self._bucket.get(baseline.key)
        except ObjectMissing as exc:
            raise BaselineNotFound(f"the baseline {baseline.name!r} was deleted") from exc
        return msgspec.json.decode(body, type=SideMoments)

    def set(self, change: BaselineChange, figures: SideMoments) -> tuple[Baseline, bool]:
        """Keep figures under a name; the baseline, and whether it is new.

        Raises BaselineEmpty, TooManyBaselines, Conflict.
        """
        if not figures.runs:
            raise BaselineEmpty("no run is in this window with these filters")
        key = f"{PREFIX}{self._user_id}/{change.name}/{ids.ulid()}.json"
        self._bucket.put(key, msgspec.json.encode(figures), "application/json")
        for _ in range(_TRIES):
            before = self._read(change.name)
            if before is None and len(self.all()) >= MAX_BASELINES:
                raise TooManyBaselines(f"an account has at most {MAX_BASELINES} baselines")
            made = self._next(change, figures, key, before)
            if self._committed(made, before.current.version if before else None):
                return made, before is None
        raise Conflict("the baseline is being set by others; try again", retry_after_s=1)

    def delete(self, name: str) -> None:
        """Delete a baseline with its figures. Raises BaselineNotFound."""
        if self._catalog.delete(partition(self._user_id), _ITEM_PREFIX + name) is None:
            raise BaselineNotFound(f"you have no baseline {name!r}")
        folder = f"{PREFIX}{self._user_id}/{name}/"
        self._bucket.delete(found.key for found in self._bucket.list(folder))

    def _next(
        self, change: BaselineChange, figures: SideMoments, key: str, before: Baseline | None
    ) -> Baseline:
        past = before.history if before else ()
        version = BaselineVersion(
            version=past[0].version + 1 if past else 1,
            reason=change.reason,
            set_by=self._user_id,
            set_us=clock.now_us(),
            runs=figures.runs,
        )
        return Baseline(
            name=change.name,
            filters=change.filters,
            from_us=change.from_us,
            to_us=change.to_us,
            by=figures.by,
            series=len(figures.groups),
            key=key,
            history=(version, *past)[:MAX_HISTORY],
        )

    def _committed(self, made: Baseline, version: int | None) -> bool:
        sets = {"baseline": msgspec.to_builtins(made), "version": made.current.version}
        place = (partition(self._user_id), _ITEM_PREFIX + made.name)
        try:
            self._catalog.update(Update(*place, set=sets, only_if={"version": version}))
        except ConditionFailed:
            return False
        return True


def _baseline(item: dict[str, Any]) -> Baseline:
    return msgspec.convert(item["baseline"], Baseline)
