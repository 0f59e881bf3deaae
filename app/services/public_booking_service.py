"""Booking by people from outside: what the public pages show and do, by the key of a kind or of an appointment.

Times are shown, and nothing of what makes hosts busy; of an appointment what its own visitor knows anyway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.calendaring.ical.model import CalendarProperties, EventData
from app.calendaring.ical.writing import WrittenObject, write_calendar
from app.calendaring.zones import get_zone, wall_to_utc
from app.core.config import get_settings
from app.core.errors import NotFound
from app.core.messages import Language
from app.models.appointment import Appointment, AppointmentKind, AppointmentState, AvailabilitySlot
from app.models.base import now
from app.models.event import Event
from app.models.organization import Organization
from app.models.room import Room
from app.services import appointment_keys, appointment_service, slot_taking
from app.services.appointment_reading import offers_between
from app.services.colleagues import colleagues
from app.services.slot_finding import Offer

DAYS_A_PAGE = 7


@dataclass(frozen=True, slots=True)
class Times:
    """A page of times: seven days of the visitor's zone from `first` on."""

    name: str
    description: str | None
    durations: Sequence[int]
    minutes: int
    capacity: int
    time_zone: str
    first: date
    earlier: date | None
    later: date | None
    offers: Sequence[Offer]
    language: Language


@dataclass(frozen=True, slots=True)
class Shown:
    """An appointment as its visitor sees it."""

    key: str
    state: AppointmentState
    name: str
    start: datetime
    minutes: int
    minutes_left: int
    time_zone: str
    language: Language
    hosts: Sequence[str]
    place: str | None
    questions: Sequence[Mapping[str, Any]]
    may_change: bool
    may_move: bool
    public_path: str | None


def read_times(session: Session, key: str, day: date | None, minutes: int | None, zone: str | None) -> Times:
    """The times of a public page.

    Raises:
        NotFound: there is no such page.
        Invalid: the kind is not offered so long.
    """
    return _times(session, appointment_keys.find_public_kind(session, key), day, minutes, zone)


def hold(
    session: Session,
    key: str,
    start: datetime,
    minutes: int | None,
    zone: str | None,
    language: Language,
    address: str | None,
) -> str:
    """Keep a time for whoever chose it; the key of the form.

    Raises:
        NotFound: there is no such page.
        Invalid: the kind is not offered so long.
        Conflict: the time cannot be booked, or not any more.
        TooManyRequests: too many are held from there.
    """
    kind = appointment_keys.find_public_kind(session, key)
    length = slot_taking.minutes_of(kind, minutes)
    zone = zone or _organization(session, kind).time_zone
    held = appointment_service.hold(
        session, kind, start.astimezone(UTC), length, language=language, time_zone=zone, address=address
    )
    return appointment_keys.form_key(held)


def read(session: Session, key: str) -> Shown:
    """An appointment by its key.

    Raises:
        NotFound: the key is none, or the form's time is over.
    """
    return _shown(session, appointment_keys.find_by_key(session, key))


def read_other_times(session: Session, key: str, day: date | None, zone: str | None) -> tuple[Shown, Times]:
    """To which times an appointment can move.

    Raises:
        NotFound: the key is none, or it cannot be moved any more.
    """
    appointment = appointment_keys.find_by_key(session, key)
    shown = _shown(session, appointment)
    if not (shown.may_change and shown.may_move):
        raise NotFound("appointment_not_found")
    kind, slot = _offered(session, appointment)
    moving = slot if kind.capacity == 1 else None
    return shown, _times(session, kind, day, shown.minutes, zone or shown.time_zone, moving)


def submit(session: Session, key: str, name: str, email: str, answers: dict[str, Any]) -> Shown:
    """Take what the form says; raises as `appointment_service.submit`, and NotFound."""
    appointment = appointment_keys.find_by_key(session, key)
    appointment_service.submit(session, appointment, name, email, answers)
    return _shown(session, appointment)


def confirm(session: Session, key: str) -> Shown:
    """Raises as `appointment_service.confirm`, and NotFound."""
    appointment = appointment_keys.find_by_key(session, key)
    appointment_service.confirm(session, appointment)
    return _shown(session, appointment)


def cancel(session: Session, key: str, reason: str | None) -> Shown:
    """Raises as `appointment_service.cancel`, and NotFound."""
    appointment = appointment_keys.find_by_key(session, key)
    appointment_service.cancel(session, appointment, reason, by_visitor=True)
    return _shown(session, appointment)


def move(session: Session, key: str, start: datetime) -> Shown:
    """Raises as `appointment_service.move`, and NotFound."""
    appointment = appointment_keys.find_by_key(session, key)
    appointment_service.move(session, appointment, start.astimezone(UTC), by_visitor=True)
    return _shown(session, appointment)


def as_calendar(session: Session, key: str) -> bytes:
    """A confirmed appointment as iCalendar, under the UID of its meeting.

    Raises:
        NotFound: the key is none, or it is not confirmed.
    """
    appointment = appointment_keys.find_by_key(session, key)
    kind, slot = _offered(session, appointment)
    event = None if slot.event_id is None else session.get(Event, (slot.organization_id, slot.event_id))
    if appointment.state != AppointmentState.CONFIRMED or event is None:
        raise NotFound("appointment_not_found")
    shown = _shown(session, appointment)
    start, end = (moment.astimezone(UTC).replace(tzinfo=None) for moment in (slot.starts_at, slot.ends_at))
    data = EventData(
        uid=event.uid,
        start=start,
        end=end,
        zone="UTC",
        start_utc=slot.starts_at,
        end_utc=slot.ends_at,
        title=kind.name,
        location=shown.place,
        sequence=event.sequence,
    )
    return b"".join(write_calendar([WrittenObject(master=data, stamp=event.updated_at)], CalendarProperties()))


def _times(
    session: Session,
    kind: AppointmentKind,
    day: date | None,
    minutes: int | None,
    zone: str | None,
    moving: AvailabilitySlot | None = None,
) -> Times:
    organization = _organization(session, kind)
    zone = zone or organization.time_zone
    length = slot_taking.minutes_of(kind, minutes)
    today = now().astimezone(get_zone(zone)).date()
    last = today + timedelta(days=kind.window_days)
    first = min(max(day or today, today), last)
    start, end = (_midnight(first + timedelta(days=days), zone) for days in (0, DAYS_A_PAGE))
    earlier, later = first - timedelta(days=DAYS_A_PAGE), first + timedelta(days=DAYS_A_PAGE)
    return Times(
        name=kind.name,
        description=kind.description,
        durations=kind.durations,
        minutes=length,
        capacity=kind.capacity,
        time_zone=zone,
        first=first,
        earlier=max(earlier, today) if first > today else None,
        later=later if later <= last else None,
        offers=offers_between(session, kind, length, start, end, moving),
        language=_language(organization),
    )


def _shown(session: Session, appointment: Appointment) -> Shown:
    kind, slot = _offered(session, appointment)
    moment = now()
    is_expired = appointment.state in appointment_service.EXPIRING and (appointment.act_at or moment) <= moment
    if is_expired:
        raise NotFound("appointment_not_found")
    names = colleagues(session, slot.organization_id, slot_taking.hosts_of(session, slot))
    room = None if kind.room_id is None else session.get(Room, (slot.organization_id, kind.room_id))
    is_near = moment > slot.starts_at - timedelta(minutes=kind.change_until_minutes)
    left = appointment.act_at - moment if appointment.act_at else timedelta()
    is_held = appointment.state == AppointmentState.HELD
    return Shown(
        key=appointment_keys.form_key(appointment) if is_held else appointment_keys.mail_key(appointment),
        state=AppointmentState(appointment.state),
        name=kind.name,
        start=slot.starts_at,
        minutes=int((slot.ends_at - slot.starts_at).total_seconds()) // 60,
        minutes_left=max(1, -(-int(left.total_seconds()) // 60)),
        time_zone=appointment.time_zone,
        language="ru" if appointment.language == "ru" else "en",
        hosts=[one.full_name for one in names.values() if one.full_name],
        place=", ".join(part for part in (kind.place, room.name if room else None) if part) or None,
        questions=kind.questions,
        may_change=appointment.state in appointment_service.STANDING and not is_near,
        may_move=appointment.moves < kind.max_moves and kind.is_active,
        public_path=get_settings().booking_url(kind.public_key) if kind.is_public and kind.is_active else None,
    )


def _offered(session: Session, appointment: Appointment) -> tuple[AppointmentKind, AvailabilitySlot]:
    company = appointment.organization_id
    slot = session.get_one(AvailabilitySlot, (company, appointment.slot_id))
    return session.get_one(AppointmentKind, (company, slot.kind_id)), slot


def _organization(session: Session, kind: AppointmentKind) -> Organization:
    query = select(Organization).where(col(Organization.id) == kind.organization_id)
    organization: Organization = session.execute(query).scalar_one()
    return organization


def _language(organization: Organization) -> Language:
    return "ru" if organization.locale == "ru" else "en"


def _midnight(day: date, zone: str) -> datetime:
    return wall_to_utc(datetime.combine(day, time()), get_zone(zone))
