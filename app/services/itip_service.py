"""What calendars are told of an event with the mail about it (iTIP, RFC 5546; iMIP, RFC 6047).

The text is written when something was said, in the transaction of the change: what it says is what happened, also when
the event is gone by the time it leaves. It is stored once for all who get the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, inspect, select, text
from sqlmodel import Session, col

from app.calendaring.ical.model import Attendee, EventData
from app.calendaring.ical.scheduling import (
    Method,
    write_cancel,
    write_decline,
    write_reply,
    write_request,
)
from app.models.base import now
from app.models.event import Event, EventStatus
from app.models.outbox import ItipMessage
from app.models.participant import EventParticipant
from app.models.room import Room
from app.models.user import User
from app.schemas.event_preview import PersonTold, Why
from app.services import reply_key_service, series_service
from app.services.ical_rows import data_of
from app.services.ical_stored import invited_to
from app.services.rows import flush

_ABSENT = text("""
    SELECT person, event FROM unnest(:people ::uuid[]) AS p (person) CROSS JOIN unnest(:events ::uuid[]) AS e (event)
    WHERE NOT takes_part(:company, person, event)
""")


class Said(Protocol):
    """A notice, as far as calendars care."""

    @property
    def why(self) -> Why: ...
    @property
    def event(self) -> Event: ...
    @property
    def state_of(self) -> Event | None: ...
    @property
    def details(self) -> Mapping[str, str | None]: ...


def attach(session: Session, company: UUID, notice: Said, people: Sequence[PersonTold]) -> dict[str, UUID]:
    """Write what the calendars of these people are told; the id of the text for each e-mail that gets one.

    The organizer, whose calendar this is, gets none.
    """
    event = notice.state_of or notice.event
    if event.organizer_email is not None:
        return _answer_elsewhere(session, company, notice, people)
    invited = [person for person in people if person.user_id != event.organizer_id]
    if not invited or notice.why is Why.ANSWERED:
        return {}
    writer = _Writer(session, company, event)
    if notice.why is Why.PROPOSAL_DECLINED:
        content = write_decline(writer.data(event), now(), writer.sent_by(event))
        return _store(session, company, Method.DECLINE_COUNTER, content, [person.email for person in invited])
    is_over = notice.why is Why.CANCELLED and notice.state_of is None
    if is_over or event.status == EventStatus.CANCELLED:
        content = write_cancel(writer.data(event), _cancelled_sequence(event), now(), writer.sent_by(event))
        return _store(session, company, Method.CANCEL, content, [person.email for person in invited])
    reply_key_service.keys_for(session, company, event.series_id or event.id, {person.email for person in invited})
    found: dict[str, UUID] = {}
    for absent, emails in writer.by_absence(event, invited).items():
        content = writer.request(event, absent)
        found |= _store(session, company, Method.REQUEST, content, emails, hides_guests=not event.guests_can_see_guests)
    return found


def _store(
    session: Session,
    company: UUID,
    method: Method,
    content: str,
    emails: Collection[str],
    *,
    hides_guests: bool = False,
) -> dict[str, UUID]:
    message = ItipMessage(organization_id=company, method=method, content=content, hides_guests=hides_guests)
    session.add(message)
    flush(session)
    return dict.fromkeys(emails, message.id)


def _cancelled_sequence(event: Event) -> int:
    """Of what is gone, one more than it had (rule 15); where somebody was taken out, the event's own."""
    return event.sequence if inspect(event).persistent else event.sequence + 1


def _answer_elsewhere(session: Session, company: UUID, notice: Said, people: Sequence[PersonTold]) -> dict[str, UUID]:
    """What the program of an organizer elsewhere is told: an answer, or another time."""
    event, details = notice.event, notice.details
    email = details.get("attendee")
    if notice.why is not Why.ANSWERED or email is None:
        return {}
    attendee = Attendee(email, details.get("attendee_name"), response=details["response"])  # type: ignore[arg-type]
    data = _Writer(session, company, event).data(event)
    method = Method.REPLY
    if (start := details.get("proposed_start")) and (end := details.get("proposed_end")):
        data, method = _at(data, datetime.fromisoformat(start), datetime.fromisoformat(end)), Method.COUNTER
    content = write_reply(data, attendee, now(), comment=details.get("comment"), method=method)
    return _store(session, company, method, content, [person.email for person in people])


def _at(data: EventData, start: datetime, end: datetime) -> EventData:
    """The event at other times: instants, or dates at 00:00 UTC of one that lasts all day."""
    if data.all_day:
        return replace(data, start=start.date(), end=end.date())
    naive = (moment.replace(tzinfo=None) for moment in (start, end))
    first, last = naive
    return replace(data, zone="UTC", start=first, end=last, start_utc=start, end_utc=end, nominal_days=0)


@dataclass(slots=True)
class _Writer:
    """Reads an event, and of a series its overrides, as calendars know them."""

    session: Session
    company: UUID
    event: Event

    def data(self, *rows: Event) -> EventData:
        """What iCalendar says of the row, with all attendees."""
        return self._all(rows)[rows[0].id]

    def request(self, event: Event, absent: frozenset[UUID]) -> str:
        """A REQUEST for those who take part in all but `absent` of the series' overrides."""
        sent_by = self.sent_by(event)
        if event.series_id is not None:
            return write_request(None, [self.data(event)], now(), sent_by)
        overrides = self._overrides(event)
        told = self._all([event, *overrides])
        gone = [row for row in overrides if row.id in absent or row.status == EventStatus.CANCELLED]
        exdates: tuple[date, ...] = tuple(_wall(event, row) for row in gone)
        master = replace(told[event.id], exdates=(*told[event.id].exdates, *exdates))
        return write_request(master, [told[row.id] for row in overrides if row not in gone], now(), sent_by)

    def by_absence(self, event: Event, people: Sequence[PersonTold]) -> dict[frozenset[UUID], list[str]]:
        """The e-mails of these people by the overrides of the series in which they take no part (rule 16)."""
        overrides = self._overrides(event)
        keys = self._keys([event, *overrides]) if overrides else {}
        different = [row.id for row in overrides if keys.get(row.id) != keys.get(event.id)]
        absences: dict[str, set[UUID]] = {person.email: set() for person in people}
        if different:
            emails = {person.user_id: person.email for person in people if person.user_id is not None}
            values = {"company": self.company, "people": list(emails), "events": different}
            for person_id, event_id in self.session.execute(_ABSENT, values):
                absences[emails[person_id]].add(event_id)
            for person in people:
                if person.user_id is None:
                    absences[person.email] = {
                        event_id for event_id in different if (None, None, person.email) not in keys.get(event_id, ())
                    }
        groups: dict[frozenset[UUID], list[str]] = {}
        for email, absent in absences.items():
            groups.setdefault(frozenset(absent), []).append(email)
        return groups

    def sent_by(self, event: Event) -> str | None:
        """The e-mail of the delegate who acted last."""
        if event.sent_by_id is None:
            return None
        query = select(col(User.email)).where(
            col(User.organization_id) == self.company, col(User.id) == event.sent_by_id
        )
        email: str | None = self.session.execute(query).scalar_one_or_none()
        return email

    def _overrides(self, event: Event) -> list[Event]:
        if event.series_id is not None or not (event.recurrence_rule or event.rdates):
            return []
        return series_service.overrides_of(self.session, event)

    def _keys(self, rows: Sequence[Event]) -> dict[UUID, set[tuple[UUID | None, UUID | None, str | None]]]:
        query = select(
            col(EventParticipant.event_id),
            col(EventParticipant.user_id),
            col(EventParticipant.department_id),
            col(EventParticipant.email),
        ).where(
            col(EventParticipant.organization_id) == self.company,
            col(EventParticipant.event_id) == func.any([row.id for row in rows]),
            col(EventParticipant.via_department_id).is_(None),
        )
        found: dict[UUID, set[tuple[UUID | None, UUID | None, str | None]]] = {}
        for event_id, *key in self.session.execute(query):
            found.setdefault(event_id, set()).add((key[0], key[1], key[2]))
        return found

    def _all(self, rows: Sequence[Event]) -> dict[UUID, EventData]:
        people = invited_to(self.session, self.company, [row.id for row in rows])
        hosts = self._hosts({row.organizer_id for row in rows})
        rooms = self._rooms({row.room_id for row in rows if row.room_id is not None})
        told = {}
        for row in rows:
            data = data_of(row, people.get(row.id, []), hosts[row.organizer_id])
            place = ", ".join(part for part in (row.location, rooms.get(row.room_id)) if part)
            told[row.id] = replace(
                data, organizer=data.organizer or hosts[row.organizer_id], location=place or None, ical=None
            )
        return told

    def _hosts(self, ids: Collection[UUID]) -> dict[UUID, tuple[str, str | None]]:
        query = select(col(User.id), col(User.email), col(User.full_name)).where(
            col(User.organization_id) == self.company, col(User.id) == func.any(list(ids))
        )
        return {row.id: (row.email, row.full_name) for row in self.session.execute(query)}

    def _rooms(self, ids: Collection[UUID]) -> dict[UUID | None, str]:
        if not ids:
            return {}
        query = select(col(Room.id), col(Room.name)).where(
            col(Room.organization_id) == self.company, col(Room.id) == func.any(list(ids))
        )
        return {row.id: row.name for row in self.session.execute(query)}


def _wall(series: Event, override: Event) -> date:
    """The original start of an override as its series' EXDATE names it."""
    assert override.original_start is not None
    wall = series_service.wall_of(series, override.original_start)
    return wall.date() if series.is_all_day else wall
