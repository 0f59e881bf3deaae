"""What the panel at a room's door shows at a moment."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.calendaring.weekly_hours import closes_at, covers, opens_at
from app.calendaring.zones import get_zone, utc_to_wall, wall_to_utc
from app.models.base import now
from app.models.booking import BLOCKING_SQL, BookingSource, BookingState
from app.models.event import Visibility
from app.models.room_policy import PanelDetails, RoomRule
from app.schemas.room_panel import (
    QUICK_MINUTES,
    PanelCheckIn,
    PanelChoice,
    PanelClosed,
    PanelEquipment,
    PanelMeeting,
    PanelRead,
    PanelRoom,
    PanelStatus,
)
from app.services import check_in_service
from app.services.room_panel_service import AHEAD, NOBODY, Panel, walk_up
from app.services.room_rules import Rules, Wish, broken_by, load_rules

BOOKINGS_SHOWN = 500
PRIVATE = (Visibility.PRIVATE, Visibility.CONFIDENTIAL)
# The rules that hold for a meeting that goes on for longer: who may book it was asked when it began.
_LASTING = (RoomRule.TOO_LONG, RoomRule.HOURS, RoomRule.BLOCKED)
_BOOKINGS = text(f"""
    SELECT b.starts_at, coalesce(b.used_until, b.ends_at) AS ends_at, lower(b.during) AS taken_from,
           upper(b.during) AS taken_until, b.state, b.source, b.checked_in_at, e.title, e.visibility, e.is_all_day,
           u.full_name
    FROM room_bookings b
    LEFT JOIN event_occurrences o
      ON (o.organization_id, o.series_id, o.original_start) = (:company, b.series_id, b.original_start)
    LEFT JOIN events e ON (e.organization_id, e.id) = (:company, o.event_id)
    LEFT JOIN users u ON (u.organization_id, u.id) = (:company, e.organizer_id)
    WHERE b.organization_id = :company AND b.room_id = :room AND b.during && tstzrange(:start, :until)
      AND b.{BLOCKING_SQL} AND (b.state <> 'held' OR b.expires_at > :now)
    ORDER BY b.starts_at
    LIMIT {BOOKINGS_SHOWN}
""")
_EQUIPMENT = text("""
    SELECT name, quantity, out_of_order FROM room_equipment
    WHERE organization_id = :company AND room_id = :room ORDER BY name
""")


@dataclass(frozen=True, slots=True)
class PanelState:
    """What a panel shows. `tag` is the same as long as that is, `changes_at` when the clock alone will change it."""

    shown: PanelRead
    tag: str
    changes_at: datetime


@dataclass(frozen=True, slots=True)
class _Look:
    """All that decides about what is shown."""

    panel: Panel
    rules: Rules
    # By start; no two overlap.
    bookings: Sequence[Any]
    moment: datetime
    day_end: datetime

    @property
    def current(self) -> Any:
        """The booking whose meeting goes on; None between meetings."""
        return next((row for row in self.bookings if row.starts_at <= self.moment < row.ends_at), None)

    @property
    def following(self) -> Any:
        return next((row for row in self.bookings if row.starts_at > self.moment), None)

    @property
    def busy_until(self) -> datetime | None:
        """When nobody has the room any more; None while nobody has it. Buffers count."""
        end = self.moment
        for row in self.bookings:
            if row.taken_from <= end < row.taken_until:
                end = row.taken_until
        return end if end > self.moment else None

    def is_taken(self, start: datetime, end: datetime, but: Any = None) -> bool:
        return any(row is not but and row.taken_from < end and start < row.taken_until for row in self.bookings)


def read(session: Session, panel: Panel) -> PanelState:
    """What the panel shows now, for a session that has opened it."""
    moment = now()
    zone = get_zone(panel.time_zone)
    midnight = utc_to_wall(moment, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    day_start, day_end = wall_to_utc(midnight, zone), wall_to_utc(midnight + timedelta(days=1), zone)
    until = max(day_end, moment + AHEAD)
    values = {"company": panel.company, "room": panel.room_id, "start": day_start, "until": until, "now": moment}
    rules = load_rules(session, panel.company, NOBODY, [panel.room_id], moment, until)[panel.room_id]
    look = _Look(panel, rules, session.execute(_BOOKINGS, values).all(), moment, day_end)
    equipment = [PanelEquipment.model_validate(row) for row in session.execute(_EQUIPMENT, values)]
    shown = _shown(look, equipment)
    # Of what is shown, only the clock differs from one moment to the next.
    stable = shown.model_dump_json(exclude={"server_time"})
    return PanelState(shown, hashlib.sha256(stable.encode()).hexdigest()[:32], min(_changes(look, shown)))


def _shown(look: _Look, equipment: list[PanelEquipment]) -> PanelRead:
    panel, moment = look.panel, look.moment
    current, busy_until, closed = look.current, look.busy_until, _closed(look)
    if current is not None:
        status = PanelStatus.HELD if current.state == BookingState.HELD else PanelStatus.BUSY
    elif busy_until is not None:
        # Somebody's buffer: the room is being prepared, or cleared.
        status = PanelStatus.BUSY
    else:
        status = PanelStatus.FREE if closed is None else PanelStatus.CLOSED
    following = look.following
    needs_check_in = bool(look.rules.check_in_minutes)
    is_running = current is not None and current.state == BookingState.CONFIRMED
    zone = get_zone(panel.time_zone)
    return PanelRead(
        room=PanelRoom(
            id=panel.room_id,
            **{name: getattr(panel, name) for name in ("name", "capacity", "location", "building", "floor", "zone")},
            equipment=equipment,
        ),
        server_time=moment,
        time_zone=panel.time_zone,
        utc_offset_minutes=round((moment.astimezone(zone).utcoffset() or timedelta()) / timedelta(minutes=1)),
        status=status,
        now=None if current is None else _meeting(look, current),
        next=None if following is None else _meeting(look, following),
        today=[_meeting(look, row) for row in look.bookings if row.starts_at < look.day_end],
        free_until=min(_ends_of_free_time(look), default=None) if status == PanelStatus.FREE else None,
        busy_until=busy_until if status in (PanelStatus.BUSY, PanelStatus.HELD) else None,
        closed=closed,
        check_in=_check_in(look),
        code=check_in_service.room_code(panel.room_id, moment) if needs_check_in else None,
        quick_bookings=_quick_bookings(look) if status == PanelStatus.FREE else [],
        extensions=_extensions(look, current) if is_running else [],
        can_end=is_running,
    )


def _meeting(look: _Look, row: Any) -> PanelMeeting:
    details = PanelDetails.BUSY if row.visibility in PRIVATE else look.panel.details
    return PanelMeeting(
        start_time=row.starts_at,
        end_time=row.ends_at,
        title=row.title if details == PanelDetails.TITLE else None,
        organizer=row.full_name if details in (PanelDetails.TITLE, PanelDetails.ORGANIZER) else None,
        is_held=row.state == BookingState.HELD,
        is_pending=row.state == BookingState.PENDING,
        is_walk_up=row.source == BookingSource.WALK_UP,
        is_checked_in=row.checked_in_at is not None,
    )


def _closed(look: _Look) -> PanelClosed | None:
    rules, moment = look.rules, look.moment
    if not rules.is_active:
        return PanelClosed(kind="out_of_use", title=None, until=None)
    for block in rules.blocked:
        if block.starts_at <= moment < block.ends_at:
            return PanelClosed(kind=block.kind, title=block.title, until=block.ends_at)
    if rules.opening_hours is None:
        return None
    zone = get_zone(rules.time_zone)
    wall = utc_to_wall(moment, zone)
    if covers(rules.opening_hours, wall, wall + timedelta(microseconds=1)):
        return None
    opens = opens_at(rules.opening_hours, wall)
    return PanelClosed(kind="hours", title=None, until=None if opens is None else wall_to_utc(opens, zone))


def _ends_of_free_time(look: _Look) -> Iterator[datetime]:
    """The moments at which a room that is free now is no longer: bookings, blockings, the end of its hours."""
    yield from (row.taken_from for row in look.bookings if row.taken_from > look.moment)
    yield from (block.starts_at for block in look.rules.blocked if block.starts_at > look.moment)
    if look.rules.opening_hours is not None:
        zone = get_zone(look.rules.time_zone)
        closes = closes_at(look.rules.opening_hours, utc_to_wall(look.moment, zone))
        if closes is not None:
            yield wall_to_utc(closes, zone)


def _check_in(look: _Look) -> PanelCheckIn | None:
    """The meeting that somebody can check in to now: the present one before the next."""
    minutes = timedelta(minutes=look.rules.check_in_minutes)
    for row in (look.current, look.following):
        if row is not None and _wants_check_in(look, row) and check_in_service.opens_at(row.starts_at) <= look.moment:
            return PanelCheckIn(start_time=row.starts_at, end_time=row.ends_at, until=row.starts_at + minutes)
    return None


def _wants_check_in(look: _Look, row: Any) -> bool:
    is_meeting = row.source == BookingSource.EVENT and row.state == BookingState.CONFIRMED and not row.is_all_day
    return bool(look.rules.check_in_minutes) and is_meeting and row.checked_in_at is None


def _quick_bookings(look: _Look) -> list[PanelChoice]:
    if look.rules.needs_approver:
        return []
    wishes = [(minutes, walk_up(look.panel.room_id, minutes)) for minutes in QUICK_MINUTES]
    return [
        PanelChoice(minutes=minutes, end_time=wish.ends_at)
        for minutes, wish in wishes
        if not look.is_taken(look.moment, wish.ends_at + look.rules.buffer_after)
        and not broken_by(look.rules, [wish], is_series=False, people={})
    ]


def _extensions(look: _Look, row: Any) -> list[PanelChoice]:
    choices = []
    for minutes in QUICK_MINUTES:
        end = row.ends_at + timedelta(minutes=minutes)
        wish = Wish(row.starts_at, look.panel.room_id, row.starts_at, end)
        broken = broken_by(look.rules, [wish], is_series=False, people={})
        is_allowed = not any(one.rule in _LASTING for one in broken)
        if is_allowed and not look.is_taken(look.moment, end + look.rules.buffer_after, but=row):
            choices.append(PanelChoice(minutes=minutes, end_time=end))
    return choices


def _changes(look: _Look, shown: PanelRead) -> Iterator[datetime]:
    """Moments after now, at the first of which the panel shows something else though nobody did anything."""
    yield look.day_end
    for row in look.bookings:
        for edge in (
            row.taken_from,
            check_in_service.opens_at(row.starts_at),
            row.starts_at,
            row.ends_at,
            row.taken_until,
        ):
            if edge > look.moment:
                yield edge
    for block in look.rules.blocked:
        yield from (edge for edge in (block.starts_at, block.ends_at) if edge > look.moment)
    for known in (shown.free_until, None if shown.closed is None else shown.closed.until):
        if known is not None and known > look.moment:
            yield known
