"""Finding rooms: which are free, which are near, and which are free for most of a series.

Only rooms that the asker may book by their rules are found: who, how far ahead, how long, opening hours, blockings, and
buffers around the meeting. Where an approver decides about what breaks no rule, the room says so.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.calendaring.series import Series
from app.calendaring.zones import get_zone, utc_to_wall, wall_to_utc
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.hot import HotStatement, fetch_row
from app.models.base import now
from app.schemas.event import EventWrite
from app.schemas.room_finding import SeriesRoomsWrite
from app.services import building_service, room_service
from app.services.closed_times import ClosedTimes, Time, closed_times
from app.services.event_times import as_instant, check_rdates, checked_series, resolve_times
from app.services.json_rows import page_json
from app.services.occurrence_service import bound_of
from app.services.room_finding_sql import AVAILABLE_SQL, AVAILABLE_WITHIN_SQL, FOR_SERIES_SQL, NEAREST_SQL
from app.services.rows import PageRequest, decode_cursor, encode_cursor
from app.services.windows import check_bookable, check_window, horizon

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RoomNeeds:
    """What a room must have: for so many people, with all of the equipment working, and where."""

    capacity: int = 1
    equipment: list[str] = field(default_factory=list)
    accessibility: list[Any] = field(default_factory=list)
    building_id: UUID | None = None
    floor: int | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody is: near a room, or at a place of a building."""

    room_id: UUID | None = None
    building_id: UUID | None = None
    floor: int | None = None
    zone: str | None = None


def list_available(
    session: Session,
    actor: Actor,
    start: datetime,
    end: datetime | None,
    minutes: int | None,
    zone: str,
    page: PageRequest,
    needs: RoomNeeds,
) -> bytes:
    """A page, as JSON, of the rooms that are free for all of [start, end), UTC; the smallest that fit come first.

    Args:
        end: not given: `minutes` after the start.
        minutes: with an end, it is enough that a room is free for so long within the window, from now on.
        zone: the day that bounds `free_until`.

    Raises:
        Invalid: the window is empty, too wide, shorter than the minutes, or lies beyond what can be booked ahead.
    """
    if end is None:
        if minutes is None:
            raise Invalid("to_or_duration_needed", field="to")
        end, minutes = start + minutes * MINUTE, None
    check_window(start, end)
    check_bookable(start, "from")
    until, statement = end, AVAILABLE_WITHIN_SQL
    if minutes is None:
        length, last_start, statement = end - start, start, AVAILABLE_SQL
        until = max(end, _end_of_day(end, zone))
    else:
        start, length = max(start, _next_minute()), minutes * MINUTE
        last_start = end - length
        _check_narrow(start, last_start, end)
    after = decode_cursor(page.cursor, (int, UUID)) if page.cursor else (None, None)
    values = {
        **_window(start, until, last_start, length),
        "to": end,
        "after_capacity": after[0],
        "after_id": after[1],
        "limit": page.limit,
    }
    closed = closed_times(session, actor.company, start, until)
    items, *last = _ask(session, statement, actor, needs, closed, values)
    return page_json(items, encode_cursor(last) if last[0] is not None else None)


def list_nearest(
    session: Session, actor: Actor, spot: Spot, minutes: int, within: int, limit: int, needs: RoomNeeds
) -> bytes:
    """NearestRooms, as JSON: those that become free for so many minutes within `within` minutes from now.

    The nearest come first, of these those that are free soonest, of these the smallest.

    Raises:
        NotFound: the company has no such room or building.
        Invalid: both a room and a building are named.
    """
    if spot.room_id is not None and spot.building_id is not None:
        raise Invalid("room_or_building", field="near_room_id")
    if spot.room_id is not None:
        room = room_service.get_room(session, actor, spot.room_id)
        spot = Spot(room.id, room.building_id, room.floor, room.zone)
    else:
        building_service.require_building(session, actor, spot.building_id)
    start, length = _next_minute(), minutes * MINUTE
    last_start = start + within * MINUTE
    # What follows is told as well: for how much longer the room stays free.
    until = last_start + max(length, timedelta(hours=12))
    values = {
        **_window(start, until, last_start, length),
        "is_nowhere": spot.room_id is None and spot.building_id is None,
        "near_room": spot.room_id,
        "near_building": spot.building_id,
        "near_floor": spot.floor,
        "near_zone": spot.zone,
        "limit": limit,
    }
    closed = closed_times(session, actor.company, start, until)
    (items,) = _ask(session, NEAREST_SQL, actor, needs, closed, values)
    return f'{{"items":{items}}}'.encode()


def rooms_for_series(session: Session, actor: Actor, data: SeriesRoomsWrite) -> bytes:
    """SeriesRooms, as JSON: the rooms that can be had for the most occurrences first, then the smallest.

    Of the rooms that fit, the ROOM_SERIES_MAX_ROOMS smallest are looked at.

    Raises:
        Invalid: the times are none, or too many; an occurrence has no duration; all lie beyond what can be booked.
    """
    wanted = _Wanted.of(actor, data)
    needs = RoomNeeds(data.capacity, data.equipment, data.accessibility, data.building_id, data.floor)
    closed = closed_times(session, actor.company, wanted.times[0][0], max(end for _, end in wanted.times))
    values = {
        "minutes": wanted.length / MINUTE,
        "is_series": wanted.is_series,
        "first_start": wanted.times[0][0],
        "originals": wanted.originals,
        "starts": [start for start, _ in wanted.times],
        "ends": [end for _, end in wanted.times],
        "count": len(wanted.times),
        "most": get_settings().ROOM_SERIES_MAX_ROOMS,
        "limit": data.limit,
        # Only what keeps an occurrence from the room matters, and is little.
        **closed.parameters(wanted.touched_by),
    }
    (items,) = _ask(session, FOR_SERIES_SQL, actor, needs, None, values)
    return f'{{"occurrences":{len(wanted.times)},"items":{items}}}'.encode()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The occurrences of a series that want a room, in order, UTC."""

    originals: list[str]
    times: list[Time]
    length: timedelta
    is_series: bool

    @classmethod
    def of(cls, actor: Actor, data: SeriesRoomsWrite) -> "_Wanted":
        sent = data.model_dump(include=SeriesRoomsWrite.model_fields.keys() & EventWrite.model_fields.keys())
        times = resolve_times(EventWrite(title="-", **sent), actor.time_zone)
        check_rdates(times)
        series = checked_series(times)
        check_bookable(times.start_time, "start_time")
        if times.start_time == times.end_time:
            raise Invalid("room_needs_duration", field="end_time")
        occurrences = list(series.occurrences(before=bound_of(series, horizon())))
        if not occurrences:
            raise Invalid("no_occurrence_left", field="exdates")
        found = [
            (_told(one.original_start), (_instant(actor, series, one.start), _instant(actor, series, one.end)))
            for one in occurrences
        ]
        found.sort(key=lambda one: one[1])
        length = max(end - start for _, (start, end) in found)
        return cls([original for original, _ in found], [one for _, one in found], length, series.recurs)

    def touched_by(self, times: list[Time]) -> Iterator[Time]:
        """The occurrences that overlap one of these times."""
        ordered = sorted(times)
        latest: list[datetime] = []
        for _, end in ordered:
            latest.append(max(end, latest[-1]) if latest else end)
        for start, end in self.times:
            before = bisect_left(ordered, (end,))
            if before and latest[before - 1] > start:
                yield start, end


def _ask(
    session: Session,
    statement: HotStatement,
    actor: Actor,
    needs: RoomNeeds,
    closed: ClosedTimes | None,
    values: dict[str, Any],
) -> tuple[Any, ...]:
    asked = {
        "company": actor.company,
        "person": actor.user_id,
        "capacity": needs.capacity,
        "equipment": needs.equipment,
        "accessibility": [str(feature) for feature in needs.accessibility],
        "building": needs.building_id,
        "floor": needs.floor,
        "window_days": get_settings().ROOM_BOOKING_WINDOW_DAYS,
        "horizon": horizon(),
        **(closed.parameters() if closed else {}),
        **values,
    }
    row = fetch_row(session, statement, asked)
    assert row is not None
    return row


def _window(start: datetime, until: datetime, last_start: datetime, length: timedelta) -> dict[str, Any]:
    return {
        "from": start,
        "until": until,
        "last_start": last_start,
        "length": length,
        "minutes": length / MINUTE,
    }


def _check_narrow(start: datetime, last_start: datetime, end: datetime) -> None:
    if last_start < start:
        raise Invalid("no_start_in_window", field="to")
    days = get_settings().ROOM_FINDING_MAX_DAYS
    if end - start > timedelta(days=days):
        raise Invalid("window_too_wide", field="to", days=days)


def _next_minute() -> datetime:
    moment = now()
    return moment.replace(second=0, microsecond=0) + (MINUTE if moment.second or moment.microsecond else timedelta())


def _end_of_day(moment: datetime, zone: str) -> datetime:
    """The midnight after a moment, or the moment itself where it is one; UTC."""
    wall = utc_to_wall(moment, get_zone(zone))
    day = wall.date() + timedelta(days=wall.time() != time())
    return wall_to_utc(datetime.combine(day, time()), get_zone(zone))


def _instant(actor: Actor, series: Series, value: Any) -> datetime:
    """When an occurrence takes its room: all-day events, for their dates as the company counts them."""
    if series.all_day:
        return wall_to_utc(datetime.combine(value, time()), get_zone(actor.organization_time_zone))
    return as_instant(value)


def _told(original: Any) -> str:
    if isinstance(original, datetime):
        return original.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(original.isoformat())
