"""Answers of whoever has the key of an invitation: by the page behind the link, or by mail (rules 15, 16 and 26)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.errors import Conflict, NotFound
from app.core.messages import Language
from app.models.base import now
from app.models.event import Event, EventStatus
from app.models.organization import Organization
from app.models.participant import EventParticipant
from app.models.room import Room
from app.models.user import User
from app.services import notice_service, reply_key_service, series_service
from app.services.actors import actor_for
from app.services.attendance import own_rows
from app.services.event_times import as_instant
from app.services.reply_key_service import Invited
from app.services.response_service import Reply, record_reply
from app.services.spoken_rules import spoken_rule

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as whoever has its key may see it: nothing of the other guests.

    Times are UTC, to be shown in `time_zone`, the reader's; of an all-day event dates at 00:00 UTC.
    """

    title: str
    start: datetime
    end: datetime
    is_all_day: bool
    repeats: str | None
    location: str | None
    room: str | None
    organizer: str
    email: str
    response: str
    comment: str | None
    # Of one occurrence, its original start.
    occurrence: datetime | None
    time_zone: str
    language: Language


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who has the key: a colleague, or a guest from outside."""

    invited: Invited
    user: User | None
    organization: Organization

    @property
    def name(self) -> str:
        return self.user.full_name or self.user.email if self.user else self.invited.email


def read_invitation(session: Session, key: str, occurrence: date | None) -> Invitation:
    """What the link is about, for a session that has entered no company yet. Changes nothing: mail scanners follow it.

    Raises:
        NotFound: the key is nobody's, the event is gone, or its holder takes no part any more.
        Conflict: the meeting is cancelled.
    """
    reader = _open(session, key)
    series = _series(session, reader, lock=False)
    event, original = _meant(session, reader, series, occurrence)
    return _read(session, reader, event, original, _own_row(session, reader, event))


def answer_by_link(session: Session, key: str, reply: Reply, occurrence: date | None) -> Invitation:
    """Answer, as often as one likes; the last answer counts. Raises as `read_invitation`."""
    reader = _open(session, key)
    series = _series(session, reader, lock=True)
    event, original = _answer(session, reader, series, reply, occurrence, None)
    return _read(session, reader, event, original, _own_row(session, reader, event))


def answer_by_mail(
    session: Session, invited: Invited, reply: Reply, occurrence: date | None, sequence: int, stamp: datetime
) -> None:
    """Note an answer that came by mail to a key's address; an older one than is known changes nothing (rule 15).

    Args:
        sequence: the SEQUENCE that it answers.
        stamp: when it was written (DTSTAMP), aware.

    Raises:
        NotFound: the event is gone, or the key's holder takes no part any more.
        Conflict: the meeting is cancelled.
    """
    reader = _reader(session, invited)
    series = _series(session, reader, lock=True)
    _answer(session, reader, series, reply, occurrence, (sequence, stamp))


def uid_of(session: Session, invited: Invited) -> str | None:
    """The UID of the key's event."""
    query = select(col(Event.uid)).where(
        col(Event.organization_id) == invited.company, col(Event.id) == invited.event_id
    )
    uid: str | None = session.execute(query).scalar_one_or_none()
    return uid


def _open(session: Session, key: str) -> _Reader:
    invited = reply_key_service.find(session, key)
    if invited is None:
        raise NotFound("invitation_link_invalid")
    return _reader(session, invited)


def _reader(session: Session, invited: Invited) -> _Reader:
    query = select(User).where(
        col(User.organization_id) == invited.company, col(User.email) == invited.email, col(User.is_active)
    )
    user: User | None = session.execute(query).scalar_one_or_none()
    return _Reader(invited, user, session.get_one(Organization, invited.company))


def _series(session: Session, reader: _Reader, *, lock: bool) -> Event:
    company, event_id = reader.invited.company, reader.invited.event_id
    series = series_service.lock_series(session, company, event_id) if lock else session.get(Event, (company, event_id))
    if series is None:
        raise NotFound("invitation_link_invalid")
    return series


def _meant(session: Session, reader: _Reader, series: Event, occurrence: date | None) -> tuple[Event, datetime | None]:
    """The row that describes what is meant, which may be the series for an occurrence of it; and the original start."""
    recurs = bool(series.recurrence_rule or series.rdates)
    original = series_service.original_of(series, occurrence) if occurrence is not None and recurs else None
    event = series
    if occurrence is not None and not recurs and series_service.original_of(series, occurrence) != series.start_time:
        raise NotFound("occurrence_not_found")
    if original is not None:
        override = series_service.find_override(session, series, original)
        if override is None:
            series_service.occurrence_at(series, original)
        event = override or series
    if event.status == EventStatus.CANCELLED:
        raise Conflict("invitation_cancelled")
    if _own_row(session, reader, event) is None:
        raise NotFound("invitation_link_invalid")
    return event, original


def _answer(
    session: Session,
    reader: _Reader,
    series: Event,
    reply: Reply,
    occurrence: date | None,
    order: tuple[int, datetime] | None,
) -> tuple[Event, datetime | None]:
    event, original = _meant(session, reader, series, occurrence)
    if original is not None:
        event = series_service.override_for(session, series, original)
    rows = [event] if event.series_id is not None else [event, *series_service.overrides_of(session, event)]
    own = {row.id: answered for row in rows if (answered := _own_row(session, reader, row)) is not None}
    first = own[event.id]
    before = (first.response, first.comment, first.proposed_start, first.proposed_end)
    counted = False
    for row in rows:
        answered = own.get(row.id)
        if answered is None or answered.response != before[0]:
            # An occurrence that was answered otherwise stays so.
            continue
        sequence, stamp = order or (max(row.sequence, answered.replied_sequence), max(now(), _last(answered)))
        counted |= record_reply(session, row, answered, reply, sequence, stamp)
    if counted and (first.response, first.comment, first.proposed_start, first.proposed_end) != before:
        notices = notice_service.note_guests_answer(session, event, first, _acting(reader))
        notice_service.tell_in_name_of(session, reader.invited.company, reader.name, notices)
    return event, original


def _acting(reader: _Reader) -> list[UUID]:
    return [reader.user.id] if reader.user else []


def _last(row: EventParticipant) -> datetime:
    return row.replied_at or _BEGINNING


def _own_row(session: Session, reader: _Reader, event: Event) -> EventParticipant | None:
    """Their row in this event; of a department's member who has not answered yet, a new one that is not stored."""
    if reader.user is not None:
        found = own_rows(session, actor_for(reader.user, reader.organization), [event]).get(event.id)
        if found is not None:
            return found
    query = select(EventParticipant).where(
        col(EventParticipant.organization_id) == event.organization_id,
        col(EventParticipant.event_id) == event.id,
        col(EventParticipant.email) == reader.invited.email,
    )
    row: EventParticipant | None = session.execute(query).scalar_one_or_none()
    return row


def _read(
    session: Session, reader: _Reader, event: Event, original: datetime | None, row: EventParticipant | None
) -> Invitation:
    assert row is not None
    organization = reader.organization
    start, end = event.start_time, event.end_time
    if original is not None and event.series_id is None:
        found = series_service.occurrence_at(event, original)
        start, end = as_instant(found.start), as_instant(found.end)
    host = session.get_one(User, event.organizer_id)
    room = None if event.room_id is None else session.get(Room, (event.organization_id, event.room_id))
    language = (reader.user.language if reader.user else None) or organization.locale
    is_series = event.series_id is None and original is None
    return Invitation(
        title=event.title,
        start=start,
        end=end,
        is_all_day=event.is_all_day,
        repeats=spoken_rule(event.recurrence_rule, language) if is_series and event.recurrence_rule else None,
        location=event.location,
        room=None if room is None else room.name,
        organizer=event.organizer_name or event.organizer_email or host.full_name or host.email,
        email=reader.invited.email,
        response=row.response,
        comment=row.comment,
        occurrence=original,
        time_zone=(reader.user.time_zone if reader.user else None) or organization.time_zone,
        language="ru" if language == "ru" else "en",
    )


def in_zone_of(event: Event, wall: date) -> datetime:
    """The instant of a wall time that names no zone: in the event's own."""
    return series_service.original_of(event, wall)
