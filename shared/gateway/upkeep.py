"""Settles what calls left behind whose function died: their runs, then their seats."""

from dataclasses import dataclass

from shared.gateway.recording import abandoned_run, record
from shared.gateway.seats import Seat, Seats, seat_of
from shared.isolation import kept_apart
from shared.storage.log import SegmentLog


@dataclass(frozen=True)
class GatewayUpkeep:
    """The seats of all users, and where runs are written."""

    seats: Seats
    segments: SegmentLog

    def sweep(self) -> int:
        """Settle what is due; how many seats that freed. One that fails stays due."""
        freed = 0
        for item in self.seats.abandoned():
            with kept_apart("seat_not_settled", "GatewaySeatsNotSettled", service="gateway") as one:
                self._settle(seat_of(item))
            freed += not one.failed
        return freed

    def _settle(self, seat: Seat) -> None:
        """First the run, so that a second try finds the seat; written again it changes nothing."""
        if seat.device is not None:
            record(self.segments, seat, abandoned_run(seat))
        self.seats.free(seat)
