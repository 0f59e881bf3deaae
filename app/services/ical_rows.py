"""Between rows of `events` and what iCalendar says of them: the same event in both forms."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row

from app.calendaring.ical.model import Attendee, EventData, Response, Role, Status, Transparency, Visibility
from app.calendaring.zones import get_zone, utc_to_wall
from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.event import Event
from app.schemas.common import FIRST_YEAR, LAST_YEAR
from app.services.event_times import EventTimes, as_instant, out_of_range

# The kept text of a series that only stands in for its overrides: its file had none (a guest of single instances gets
# no more, RFC 5546 §3.2.2), so an export has none either.
STANDS_IN = ""
# Addresses beyond it cannot be stored; no mail server takes them.
EMAIL_MAX_LENGTH, NAME_MAX_LENGTH = 254, 200

# The columns that say what iCalendar does of an event.
READ = (
    *("uid", "sequence", "title", "description", "location", "status", "visibility", "transparency", "related_to"),
    *("start_wall", "end_wall", "start_time", "end_time", "time_zone", "is_all_day", "nominal_days"),
    *("recurrence_rule", "exdates", "rdates", "original_start", "organizer_email", "organizer_name"),
    *("updated_at", "ical"),
)
TIMES = tuple(field.name for field in fields(EventTimes))


@dataclass(frozen=True, slots=True)
class Invited:
    """A participant as stored: a colleague with `user_id` and the e-mail of the account, or an outside guest."""

    id: UUID
    user_id: UUID | None
    email: str
    name: str | None
    role: str
    response: str


def kept_text(text: str | None, zones: str) -> str | None:
    """What is stored of a component's text: the text, behind the VTIMEZONEs that came with it."""
    return f"{zones}\n{text}" if zones and text else text


def split_kept(kept: str | None, component: str = "VEVENT") -> tuple[str | None, str]:
    """A component's text and its VTIMEZONEs, from what is stored."""
    begin = f"BEGIN:{component}"
    if not kept or kept.startswith(begin):
        return kept or None, ""
    zones, _, text = kept.partition(f"\n{begin}")
    return begin + text, zones


def times_of(data: EventData) -> EventTimes:
    """The columns that say when an event takes place.

    Raises:
        Invalid: it lies outside of the years that are accepted, or lasts longer than EVENT_MAX_DAYS.
    """
    start, end = _wall(data.start), _wall(data.end)
    start_time, end_time = data.start_utc or as_instant(data.start), data.end_utc or as_instant(data.end)
    if not all(FIRST_YEAR < moment.year < LAST_YEAR for moment in (start, end, start_time, end_time)):
        raise out_of_range("start_time")
    limit = get_settings().EVENT_MAX_DAYS
    if end_time - start_time > timedelta(days=limit):
        raise Invalid("event_too_long", days=limit)
    return EventTimes(
        start_wall=start,
        end_wall=end,
        start_time=start_time,
        end_time=end_time,
        time_zone=data.zone,
        is_all_day=data.all_day,
        recurrence_rule=data.rule,
        exdates=sorted(map(_wall, data.exdates)),
        rdates=sorted(map(_wall, data.rdates)),
        nominal_days=data.nominal_days,
    )


def columns_of(data: EventData, times: EventTimes) -> dict[str, Any]:
    """Every column of `events` that a file decides."""
    organizer = data.organizer if data.organizer and len(data.organizer[0]) <= EMAIL_MAX_LENGTH else None
    return {
        **{name: getattr(times, name) for name in TIMES},
        "title": data.title,
        "description": data.description,
        "location": data.location,
        "status": data.status,
        "visibility": data.visibility,
        "transparency": data.transparency,
        "organizer_email": organizer[0] if organizer else None,
        "organizer_name": organizer[1][:NAME_MAX_LENGTH] if organizer and organizer[1] else None,
        "related_to": data.related_to,
        "ical": data.ical,
        "uid": data.uid,
        "sequence": data.sequence,
    }


def data_of(row: Event | Row[Any], participants: Iterable[Invited], host: tuple[str, str | None]) -> EventData:
    """What iCalendar says of a row, which may hold no more than `READ`.

    `host` is the e-mail and the name of its organizer's account. Only meetings have an ORGANIZER (RFC 5545
    §3.8.4.3), and what came without one goes without one.
    """
    attendees = tuple(
        Attendee(person.email, person.name, cast(Role, person.role), cast(Response, person.response))
        for person in participants
    )
    organizer = (row.organizer_email, row.organizer_name) if row.organizer_email else None
    if organizer is None and attendees and row.ical is None:
        organizer = host
    form = _date if row.is_all_day else _same
    return EventData(
        uid=row.uid,
        sequence=row.sequence,
        title=row.title,
        description=row.description,
        location=row.location,
        start=form(row.start_wall),
        end=form(row.end_wall),
        zone=row.time_zone,
        start_utc=None if row.is_all_day else row.start_time,
        end_utc=None if row.is_all_day else row.end_time,
        nominal_days=row.nominal_days,
        rule=row.recurrence_rule,
        exdates=tuple(map(form, row.exdates)),
        rdates=tuple(map(form, row.rdates)),
        status=cast(Status, row.status),
        visibility=cast(Visibility, row.visibility),
        transparency=cast(Transparency, row.transparency),
        organizer=organizer,
        attendees=attendees,
        recurrence_id=None if row.original_start is None else form(row.original_start),
        related_to=row.related_to,
        stamp=row.updated_at,
        ical=split_kept(row.ical)[0],
    )


def means_the_same(one: EventData, other: EventData) -> bool:
    """Whether two texts would make the same row: order, stamps and what is only kept aside."""
    return _meaning(one) == _meaning(other)


def stand_in(overrides: tuple[EventData, ...]) -> EventData:
    """A series of just the instances that these overrides, which came without one, replace."""
    first, *others = sorted(overrides, key=_original)
    start, *rdates = (_start_as(first, override) for override in (first, *others))
    length = (first.end_utc or as_instant(first.end)) - (first.start_utc or as_instant(first.start))
    end = start + (first.end - first.start)
    zone = get_zone(first.zone) if first.zone else None
    start_utc, end_utc = (None, None) if zone is None else (_original(first), _original(first) + length)
    return replace(
        first,
        start=start,
        end=end if zone is None or end_utc is None else utc_to_wall(end_utc, zone),
        start_utc=start_utc,
        end_utc=end_utc,
        nominal_days=0,
        rdates=tuple(sorted(set(rdates))),
        status="confirmed",
        attendees=(),
        recurrence_id=None,
        ical=STANDS_IN,
    )


def original_start(data: EventData) -> datetime:
    """The instant in `events.original_start` of an override; of an all-day one its date at 00:00 UTC."""
    return _original(data)


def _start_as(first: EventData, override: EventData) -> date:
    """The original start of `override` as the series that begins with `first` would write it."""
    original = _original(override)
    return original.date() if first.zone is None else utc_to_wall(original, get_zone(first.zone))


def _original(data: EventData) -> datetime:
    assert data.recurrence_id is not None
    return as_instant(data.recurrence_id)


def _meaning(data: EventData) -> tuple[Any, ...]:
    plain = replace(data, ical=None, stamp=None, attendees=(), exdates=(), rdates=())
    return plain, frozenset(data.attendees), frozenset(data.exdates), frozenset(data.rdates)


def _wall(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001


def _date(value: datetime) -> date:
    return value.date()


def _same(value: datetime) -> date:
    return value
