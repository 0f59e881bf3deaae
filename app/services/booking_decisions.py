"""What people have decided about bookings, for whoever books again in nobody's name.

Time that passes, or new data of a time zone, gives nobody a room that was refused, and takes none away because of a
rule that an approver has accepted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.models.booking import BookingReason, BookingState, RequestState, RoomRequest
from app.models.event import Event
from app.models.room_policy import RoomRule
from app.services.room_rules import Broken, Wish, iso

# What a booking stays when it moves with its occurrence; what was taken or against a rule may have become free.
_FINAL = (BookingReason.REJECTED, BookingReason.EXPIRED, BookingReason.NO_SHOW, BookingReason.GIVEN_BACK)
_OF_ONE_DATE = (RoomRule.BLOCKED, RoomRule.WINDOW)
_OF_REQUEST = {
    RequestState.DECLINED: (BookingState.DECLINED, BookingReason.REJECTED),
    RequestState.EXPIRED: (BookingState.DECLINED, BookingReason.EXPIRED),
}
# By room, the request that most of the series' bookings were made by: not one for a single occurrence.
_OF_SERIES = text("""
    SELECT DISTINCT ON (q.room_id) q.room_id, q.id
    FROM (
        SELECT q.room_id, q.id, q.created_at, count(*) AS bookings
        FROM room_requests q
        JOIN room_bookings b ON b.organization_id = q.organization_id AND b.request_id = q.id
        WHERE q.organization_id = :organization_id AND q.event_id = :series_id AND q.state <> 'withdrawn'
        GROUP BY q.room_id, q.id, q.created_at
    ) q
    WHERE q.bookings > 1
    ORDER BY q.room_id, q.bookings DESC, q.created_at DESC
""")


@dataclass(frozen=True, slots=True)
class Decided:
    """What holds for one occurrence: the request that it was asked for by, and whether it goes without its room."""

    request: RoomRequest | None = None
    lost: tuple[BookingState, BookingReason] | None = None

    def accepts(self, broken: Broken) -> bool:
        """Whether an approver knew of this broken rule, or still decides about it."""
        return self.request is not None and is_told(self.request, broken.rule, broken.wish)


def is_told(request: RoomRequest, rule: RoomRule, wish: Wish | None) -> bool:
    """Whether a request tells its approver that it breaks this rule.

    A rule that depends on the date must be told of this very occurrence. Any other is the same for all of a series,
    also for those whose time had not come when the request was made.
    """
    if rule in _OF_ONE_DATE and wish is not None:
        start = iso(wish.original_start)
        return any(told["rule"] == rule and told["original_start"] == start for told in request.broken)
    return any(told["rule"] == rule for told in request.broken)


def decided_before(session: Session, series: Event, difference: Iterable[Any]) -> dict[datetime, Decided]:
    """By original start, what was decided about each of these occurrences.

    An occurrence that never had a booking follows what was decided about its series.
    """
    rows = list(difference)
    whole = _of_series(session, series) if any(row.booking_id is None for row in rows) else {}
    found = {}
    for row in rows:
        request = _request(session, series, row.request_id if row.booking_id else whole.get(row.room_id))
        if row.booking_id is None:
            lost = None if request is None else _OF_REQUEST.get(RequestState(request.state))
            found[row.original_start] = Decided(request, lost)
        else:
            lost = (row.state, row.reason) if row.reason in _FINAL else None
            found[row.original_start] = Decided(request, lost)
    return found


def _of_series(session: Session, series: Event) -> dict[UUID, UUID]:
    values = {"organization_id": series.organization_id, "series_id": series.id}
    return {row.room_id: row.id for row in session.execute(_OF_SERIES, values)}


def _request(session: Session, series: Event, request_id: UUID | None) -> RoomRequest | None:
    return None if request_id is None else session.get_one(RoomRequest, (series.organization_id, request_id))
