"""The panel at a room's door: its secret address, and what can be done at it by whoever stands there."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col

from app.core import tenancy
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, NotFound
from app.core.ids import new_id
from app.core.secret_tokens import SecretToken
from app.models.base import now
from app.models.booking import BLOCKING_SQL, BookingSource, BookingState, RoomBooking
from app.models.room import Room
from app.models.room_policy import PanelDetails
from app.services import booking_service, check_in_service, room_service
from app.services.booking_conflict import as_arrays, refused
from app.services.booking_statements import YIELDING_HOLDS
from app.services.live_rooms import rooms_change
from app.services.room_rules import Rules, Wish, broken_by, iso, load_rules
from app.services.room_rules_sql import RULES_FROM, ZONE_SQL, rule
from app.services.rows import apply_changes, flush

# Whoever stands at the door: no list of a policy names them.
NOBODY = UUID(int=0)
# How far ahead a panel looks.
AHEAD = timedelta(hours=24)
_PANEL = text(f"""
    SELECT r.panel_token_hash, r.id, r.name, r.capacity, r.location, r.floor, r.zone, r.is_active,
           house.name AS building, {ZONE_SQL} AS time_zone, firm.locale,
           coalesce({rule("panel_details")}, '{PanelDetails.ORGANIZER}') AS details
    FROM {RULES_FROM}
    WHERE r.organization_id = :company AND r.id = :room AND firm.deleted_at IS NULL
""")
_WALK_UP = text(f"""
    INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source, created_at)
    VALUES (:company, :id, :room, :start, :end, tstzrange(:start, :end ::timestamptz + :after ::interval),
            '{BookingState.CONFIRMED}', '{BookingSource.WALK_UP}', now())
    ON CONFLICT DO NOTHING
    RETURNING id
""")
_NEXT_TAKEN = text(f"""
    SELECT min(greatest(lower(b.during), :start)) FROM room_bookings b
    WHERE b.organization_id = :company AND b.room_id = :room AND b.during && tstzrange(:start, :until)
      AND b.{BLOCKING_SQL}
""")


@dataclass(frozen=True, slots=True)
class Panel:
    """A room as the holder of its panel's address may see it."""

    company: UUID
    room_id: UUID
    name: str
    capacity: int
    location: str | None
    building: str | None
    floor: int | None
    zone: str | None
    is_active: bool
    time_zone: str
    locale: str
    details: str


def make_token(session: Session, actor: Actor, room_id: UUID) -> tuple[Room, str, str]:
    """A new address for the room's panel: the room, the token and the page's address. The last one is worth nothing.

    Raises:
        NotFound: the company has no such room.
        Forbidden: the actor is neither an administrator nor of the IT desk.
    """
    room = room_service.get_room(session, actor, room_id, lock=True)
    actor.require_admin_or_it()
    token = SecretToken.new(actor.company, room.id)
    _keep(session, room, token.hash)
    page = f"{get_settings().public_url}/api/v1/rooms/{room.id}/panel/page?token={token.encoded()}"
    return room, token.encoded(), page


def revoke_token(session: Session, actor: Actor, room_id: UUID) -> None:
    """Let the panel's address be worth nothing from now on; what shows it stops.

    Raises:
        NotFound: the company has no such room.
        Forbidden: the actor is neither an administrator nor of the IT desk.
    """
    room = room_service.get_room(session, actor, room_id, lock=True)
    actor.require_admin_or_it()
    _keep(session, room, None)


def open_panel(session: Session, room_id: UUID, token: str) -> Panel:
    """The panel that a token opens, for a session that has entered no company yet.

    Raises:
        NotFound: the token is wrong, revoked, or of another room.
    """
    read = SecretToken.read(token)
    if read is None or read.object_id != room_id:
        raise NotFound("panel_not_found")
    tenancy.enter(session, read.company)
    row = session.execute(_PANEL, {"company": read.company, "room": room_id}).one_or_none()
    if row is None or row.panel_token_hash is None or not read.has_hash(row.panel_token_hash):
        raise NotFound("panel_not_found")
    return Panel(
        company=read.company,
        room_id=row.id,
        **{name: getattr(row, name) for name in Panel.__slots__ if name not in ("company", "room_id")},
    )


def book(session: Session, panel: Panel, minutes: int) -> None:
    """Book the room from now on, for nobody in particular. It counts as checked in.

    It ends so many minutes after the present one began. Nothing is prepared before it, so there is no buffer before.

    Raises:
        Conflict: the room is taken, one of its rules is broken, or it is lent only by an approver.
    """
    booking_service.lock_rooms(session, panel.company, {panel.room_id})
    start = now()
    wish = walk_up(panel.room_id, minutes)
    rules = load_rules(session, panel.company, NOBODY, [panel.room_id], wish.starts_at, wish.ends_at)
    mine = rules[panel.room_id]
    if not mine.is_active:
        raise Conflict("room_inactive", room=mine.name)
    broken = broken_by(mine, [wish], is_series=False, people={})
    if broken:
        raise refused(broken, rules, [wish])
    if mine.needs_approver:
        raise Conflict("room_needs_approver", room=mine.name)
    values = {
        "company": panel.company,
        "id": new_id(),
        "room": panel.room_id,
        "start": start,
        "end": wish.ends_at,
        "after": mine.buffer_after,
    }
    if _is_booked(session, values):
        return
    holds = {**as_arrays([wish], rules), "before": [timedelta()], "starts": [start]}
    yielded = session.execute(
        YIELDING_HOLDS, {**holds, "organization_id": panel.company, "person": None, "series_id": None}
    ).all()
    if not (yielded and _is_booked(session, values)):
        raise _taken(session, mine, values)


def walk_up(room_id: UUID, minutes: int) -> Wish:
    """What a booking at the door asks for now, in whole minutes."""
    start = now().replace(second=0, microsecond=0)
    return Wish(start, room_id, start, start + timedelta(minutes=minutes))


def check_in(session: Session, panel: Panel) -> None:
    """Check in to the meeting that waits for it, the present one before the next; at the door, nobody knows of whom.

    Once more does nothing.

    Raises:
        Conflict: there is none.
    """
    moment = now()
    opens = check_in_service.opens_until(moment)
    waiting = (
        select(RoomBooking)
        .where(
            col(RoomBooking.organization_id) == panel.company,
            col(RoomBooking.room_id) == panel.room_id,
            col(RoomBooking.during).op("&&")(Range(moment, opens, bounds="[]")),
            text(f"room_bookings.{BLOCKING_SQL}"),
            col(RoomBooking.state) == BookingState.CONFIRMED,
            col(RoomBooking.source) == BookingSource.EVENT,
            col(RoomBooking.checked_in_at).is_(None),
            col(RoomBooking.starts_at) <= opens,
            func.coalesce(col(RoomBooking.used_until), col(RoomBooking.ends_at)) > moment,
        )
        .order_by(col(RoomBooking.starts_at))
        .limit(1)
    )
    booking = session.execute(waiting).scalar_one_or_none()
    if booking is None:
        check_in_service.check_in_at(session, panel.company, panel.room_id)
    else:
        check_in_service.check_in_booking(session, booking, None)


def end(session: Session, panel: Panel) -> None:
    """Let the present meeting leave the room now.

    Raises:
        Conflict: there is none.
    """
    check_in_service.end_early_at(session, panel.company, panel.room_id)


def extend(session: Session, panel: Panel, minutes: int) -> None:
    """Let the present meeting have the room for so many minutes more.

    Raises:
        Conflict: there is none, the room is taken, or one of its rules is broken.
    """
    check_in_service.extend_at(session, panel.company, panel.room_id, minutes)


def _keep(session: Session, room: Room, token_hash: str | None) -> None:
    if apply_changes(room, {"panel_token_hash": token_hash}):
        flush(session)
        rooms_change(session, room.organization_id, [room.id])


def _is_booked(session: Session, values: dict[str, Any]) -> bool:
    return session.execute(_WALK_UP, values).first() is not None


def _taken(session: Session, rules: Rules, values: dict[str, Any]) -> Conflict:
    """The 409 of a taken room, with until when it is free; `free_until` is null where it is not free now."""
    until = values["end"] + values["after"]
    found = session.execute(_NEXT_TAKEN, {**values, "until": until}).scalar_one()
    free_until = None if found is None or found <= values["start"] else iso(found)
    extra: dict[str, Any] = {"clashes": [], "free_rooms": [], "free_until": free_until}
    return Conflict("room_taken", room=rules.name, count=1, total=1, extra=extra)
