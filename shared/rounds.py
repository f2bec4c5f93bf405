"""Going round many names, in the background, in pieces: each run goes on where the last stopped.

The place is one item, `UPKEEP / ROUND#<name>`: the name that was taken last, and when the
round began. It moves *before* a name is served, so a name that fails, or that takes the
whole process with it, is passed like any other and has its next turn in the next round.
Two runs at once share a round, because the place only moves on condition that it is where
it was read. A place that is lost, or cannot be kept, costs time and nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared import clock
from shared.aws import ConditionFailed, Item, Table, Update
from shared.clock import SECOND_US
from shared.errors import Unavailable
from shared.observability import count, gauge_s, logger
from shared.turns import MayGoOn

_PARTITION = "UPKEEP"


@dataclass(frozen=True)
class Position:
    """Where a round is: behind the name `after` ("": at its beginning).

    `began_us` is when it began (0: not yet), `moves` fences two runs against each other.
    """

    after: str = ""
    began_us: int = 0
    moves: object = None


# The names behind a place, in an order that stays.
NamesFrom = Callable[[Position], Iterator[str]]


@dataclass(frozen=True)
class Round:
    """A round of one name in a table; overdue when it takes longer than `late_after_s`."""

    table: Table
    name: str
    late_after_s: int

    def walk(self, names_from: NamesFrom, may_go_on: MayGoOn) -> Iterator[str]:
        """Each name once, from behind the last run's place on and around, while there is time.

        A round that is not finished then is gone on with by the next run. `names_from`
        may leave out what came after the place's `began_us`, so that rounds end.
        """
        place, first = self._place(), ""
        last_round = not place.after
        names = names_from(place)
        while may_go_on():
            name = next(names, "")
            around = bool(name) and name == first
            if around or not name:
                self._finish(place)
                if around or last_round:
                    return
                last_round = True
            elif moved := self._moved(place, after=name, began_us=place.began_us):
                place, first = moved, first or name
                yield name
                continue
            # A new round, or another run goes round, too: then on behind it.
            place = self._place()
            names = names_from(place)
        self._tell_age(place)

    def _place(self) -> Position:
        """Where the round is; one that has not begun begins now."""
        place = self._read()
        return place if place.began_us else Position("", clock.now_us(), place.moves)

    def _read(self) -> Position:
        try:
            item = self.table.get(_PARTITION, self._key) or {}
        except Unavailable:
            logger().warning("round_place_unknown", round=self.name)
            return Position()
        return _place_of(item)

    def _finish(self, place: Position) -> None:
        self._tell_age(place)
        if place.after:
            self._moved(place, after="", began_us=0)

    def _moved(self, place: Position, *, after: str, began_us: int) -> Position | None:
        """The place moved on; None when another process has moved it since it was read."""
        moves = place.moves + 1 if isinstance(place.moves, int) else 1
        state: Item = {"after": after, "began_us": began_us, "moves": moves}
        try:
            self.table.update(
                Update(_PARTITION, self._key, set=state, only_if={"moves": place.moves})
            )
        except ConditionFailed:
            return None
        except Unavailable:
            logger().warning("round_place_not_kept", round=self.name)
            return Position(after, began_us, place.moves)
        return Position(after, began_us, moves)

    def _tell_age(self, place: Position) -> None:
        age_s = (clock.now_us() - place.began_us) / SECOND_US
        gauge_s("UpkeepRoundAge", age_s, service="upkeep", round=self.name)
        if age_s > self.late_after_s:
            logger().warning("round_late", round=self.name, age_s=round(age_s))
            count("UpkeepRoundsLate", service="upkeep")

    @property
    def _key(self) -> str:
        return f"ROUND#{self.name}"


def _place_of(item: Item) -> Position:
    """The place in an item; the beginning of a round where that makes no sense."""
    after, began_us, moves = (item.get(name) for name in ("after", "began_us", "moves"))
    if not isinstance(after, str) or not isinstance(began_us, int):
        return Position(moves=moves)
    return Position(after, began_us, moves)
