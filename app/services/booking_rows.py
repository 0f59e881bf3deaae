"""Bookings as rows: what differs from what is asked for, what is to become of it, and writing it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from app.models.booking import (
    BLOCKING_STATES,
    BookingReason,
    BookingState,
    RoomRequest,
    RoomWaiting,
    WaitingState,
)
from app.models.event import Event
from app.services import offer_service
from app.services.booking_conflict import as_arrays
from app.services.booking_statements import BOOK, RELEASE, YIELDING_HOLDS
from app.services.room_rules import Rules, Wish

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of each wish, by original start."""

    states: dict[datetime, BookingState]
    reasons: dict[datetime, BookingReason]
    requests: dict[datetime, RoomRequest]

    def arrays(self, wishes: Sequence[Wish], rules: Mapping[UUID, Rules]) -> dict[str, Any]:
        asked = [self.requests.get(wish.original_start) for wish in wishes]
        states = [self.states.get(wish.original_start, BookingState.CONFIRMED) for wish in wishes]
        return {
            **as_arrays(wishes, rules),
            "states": states,
            "reasons": [self.reasons.get(wish.original_start) for wish in wishes],
            "requests": [None if request is None else request.id for request in asked],
            "expiries": [
                request.expires_at if request is not None and state == BookingState.PENDING else None
                for request, state in zip(asked, states, strict=True)
            ],
        }


def insert(
    session: Session, wishes: Sequence[Wish], rules: Mapping[UUID, Rules], plan: Plan, values: dict[str, Any]
) -> list[Wish]:
    """Book; those that could not be, because the room is taken."""
    done = set(session.execute(BOOK, {**values, **plan.arrays(wishes, rules)}).scalars())
    return [wish for wish in wishes if wish.original_start not in done]


def decline(
    session: Session, wishes: Sequence[Wish], rules: Mapping[UUID, Rules], plan: Plan, values: dict[str, Any]
) -> None:
    for wish in wishes:
        plan.states[wish.original_start] = BookingState.DECLINED
        plan.reasons[wish.original_start] = BookingReason.TAKEN
        plan.requests.pop(wish.original_start, None)
    if wishes:
        insert(session, wishes, rules, plan, values)


def yield_holds(session: Session, values: dict[str, Any]) -> bool:
    """Remove the holds that give way to what is booked; whether there were any."""
    offers = session.execute(YIELDING_HOLDS, values).scalars().all()
    accepted = [waiting for waiting in offers if waiting is not None]
    if accepted:
        session.execute(
            update(RoomWaiting)
            .where(col(RoomWaiting.organization_id) == values["organization_id"], col(RoomWaiting.id).in_(accepted))
            .values(state=WaitingState.TAKEN)
        )
    return bool(offers)


def release(session: Session, series: Event, difference: Iterable[Any]) -> Sequence[Any]:
    """Remove the bookings that are not asked for any more; what they knew of check-in."""
    gone = [row for row in difference if row.booking_id is not None]
    if not gone:
        return ()
    values = {"organization_id": series.organization_id, "bookings": [row.booking_id for row in gone]}
    released = session.execute(RELEASE, values).all()
    freed = {row.booked_room_id for row in gone if row.state in BLOCKING_STATES}
    offer_service.note_freed(session, series.organization_id, freed)
    return released


def rooms_of(difference: Iterable[Any]) -> set[UUID]:
    return {room for row in difference for room in (row.room_id, row.booked_room_id) if room is not None}


def wish_of(row: Any) -> Wish:
    return Wish(row.original_start, row.room_id, row.starts_at, row.ends_at, row.event_id)


def difference_values(series: Event, company_zone: str, original: datetime | None = None) -> dict[str, Any]:
    return {
        "organization_id": series.organization_id,
        "series_id": series.id,
        "zone": company_zone,
        "since": EARLIEST,
        "until": series.expanded_until or LATEST,
        "original": original,
    }
