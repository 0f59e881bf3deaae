"""Whom a change of an event concerns, and telling them.

The same notes answer dry_run and become mail, so what was announced is what happens.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.spoken_times import SpokenTime
from app.models.event import Event
from app.models.notification import NotificationChannel, NotificationReason, NotificationType
from app.models.organization import Organization
from app.models.participant import EventParticipant, ParticipantResponse
from app.models.room import Room
from app.models.user import User
from app.schemas.event import Notify
from app.schemas.event_preview import PersonTold, Why
from app.services import itip_service, outbox_service
from app.services.announcement_service import Announcement, MailText, announce
from app.services.department_members import BELOW_SQL
from app.services.outbox_service import About, Mail, MailTemplate
from app.services.participant_service import Difference, Key, count_keys, participants_of

# Who tells what no person did.
SENDER = "Planner"
# A change of anything else is nobody's concern but of who looks at the event.
TOLD_OF = frozenset(
    {
        *("title", "location", "status", "room_id", "start_time", "end_time", "time_zone", "is_all_day"),
        *("recurrence_rule", "exdates", "rdates"),
    }
)
_TYPES = {
    Why.INVITED: NotificationType.INVITATION,
    Why.CHANGED: NotificationType.EVENT_CHANGED,
    Why.CANCELLED: NotificationType.EVENT_CANCELLED,
    Why.ANSWERED: NotificationType.ANSWER,
    Why.PROPOSAL_DECLINED: NotificationType.PROPOSAL,
}
# Everybody is told once, whether invited by name or with a department, and whoever acts needs no telling.
_RECIPIENTS = text(f"""
    WITH {BELOW_SQL}
    SELECT u.id, u.email, u.full_name
    FROM users u
    WHERE u.organization_id = :organization_id AND u.is_active AND u.id <> ALL(:acting ::uuid[])
      AND (u.id = ANY(:people ::uuid[]) OR u.department_id IN (SELECT id FROM below))
    ORDER BY u.id
""")


@dataclass(frozen=True, slots=True)
class Before:
    """An event as it was before a change; mails tell of it what has changed."""

    title: str
    start: datetime
    is_all_day: bool
    location: str | None
    room_id: UUID | None

    @classmethod
    def of(cls, event: Event) -> "Before":
        return cls(event.title, event.start_time, event.is_all_day, event.location, event.room_id)

    def told(self, session: Session, event: Event) -> dict[str, str | None]:
        """What a mail says of it."""
        room = None if self.room_id is None else session.get(Room, (event.organization_id, self.room_id))
        return {
            "old_title": self.title,
            "old_start": self.start.isoformat(),
            "old_all_day": "yes" if self.is_all_day else None,
            "old_location": self.location,
            "old_room": None if room is None else room.name,
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell: what became of an event row, and to whom."""

    why: Why
    event: Event
    recipients: tuple[PersonTold, ...]
    # What a mail says besides the event: an answer, what was before.
    details: Mapping[str, str | None] = field(default_factory=dict)
    # The row whose state calendars are told, where that is not the event: a series of which a part is gone.
    state_of: Event | None = None
    # Said by mail only, to keep calendars right; people are told of the same change already.
    is_for_calendars: bool = False


def note(session: Session, actor: Actor, why: Why, event: Event, keys: Iterable[Key] | None = None) -> list[Notice]:
    """What is to be told of an event to these participants, or to all of them; nothing where nobody is left."""
    if keys is None:
        keys = [Key.of(row) for row in participants_of(session, event)]
    recipients = _recipients(session, event.organization_id, why, list(keys), _acting(actor))
    return [Notice(why, event, recipients)] if recipients else []


def note_everybody(session: Session, why: Why, event: Event) -> list[Notice]:
    """What is to be told of an event to its organizer and all participants, when nobody in particular did it."""
    keys = [Key(event.organizer_id, None, None), *(Key.of(row) for row in participants_of(session, event))]
    return [Notice(why, event, _recipients(session, event.organization_id, why, keys, []))]


def note_invited(session: Session, event: Event, email: str) -> list[Notice]:
    """The invitation of one who takes part in this very row, by their address; nothing if nobody with it does."""
    keys = [Key.of(row) for row in participants_of(session, event)]
    everybody = _recipients(session, event.organization_id, Why.INVITED, keys, [])
    recipients = tuple(person for person in everybody if person.email == email.lower())
    return [Notice(Why.INVITED, event, recipients)] if recipients else []


def note_change(
    session: Session,
    actor: Actor,
    event: Event,
    changed: Iterable[str],
    difference: Difference,
    before: "Before | None" = None,
) -> list[Notice]:
    """What is to be told of a change: who came is invited, who went is told so, and the others learn what changed.

    Args:
        before: the event before the change.
    """
    added = [Key.of(participant) for participant in difference.added]
    noted = note(session, actor, Why.INVITED, event, added) if added else []
    if difference.removed:
        noted += note(session, actor, Why.CANCELLED, event, difference.removed)
    if TOLD_OF & set(changed):
        stayed = [key for row in participants_of(session, event) if (key := Key.of(row)) not in added]
        noted += [
            replace(notice, details=before.told(session, event) if before else {})
            for notice in note(session, actor, Why.CHANGED, event, stayed)
        ]
    return noted


def note_split(session: Session, actor: Actor, series: Event, since: datetime) -> list[Notice]:
    """What calendars are to be told of a series whose rest is a series of its own from `since` on: that it ends."""
    details = {"rest_from": since.isoformat()}
    return [
        replace(notice, details=details, is_for_calendars=True) for notice in note(session, actor, Why.CHANGED, series)
    ]


def note_answer(session: Session, actor: Actor, event: Event, answer: EventParticipant) -> list[Notice]:
    """What is to be told to the organizer of an answer of the actor, as `note_guests_answer`."""
    if event.organizer_email is not None:
        return [_answer_elsewhere(session, actor, event, _details_of(answer))]
    return note_guests_answer(session, event, answer, _acting(actor))


def note_guests_answer(session: Session, event: Event, answer: EventParticipant, acting: list[UUID]) -> list[Notice]:
    """What is to be told to the organizer of an answer, unless it is the organizer who acts.

    Nothing of events with more people than ANSWERS_TOLD_MAX_GUESTS, and nothing where the organizer is elsewhere.
    """
    keys = [Key.of(row) for row in participants_of(session, event) if row.via_department_id is None]
    if event.organizer_email is not None or count_keys(session, event, keys) > get_settings().ANSWERS_TOLD_MAX_GUESTS:
        return []
    recipients = _recipients(
        session, event.organization_id, Why.ANSWERED, [Key(event.organizer_id, None, None)], acting
    )
    return [Notice(Why.ANSWERED, event, recipients, _details_of(answer))] if recipients else []


def _details_of(answer: EventParticipant) -> dict[str, str | None]:
    return {
        "response": str(answer.response),
        "comment": answer.comment,
        "proposed_start": None if answer.proposed_start is None else answer.proposed_start.isoformat(),
        "proposed_end": None if answer.proposed_end is None else answer.proposed_end.isoformat(),
    }


def _answer_elsewhere(session: Session, actor: Actor, event: Event, details: Mapping[str, str | None]) -> Notice:
    """An answer to an organizer elsewhere, whose program expects it from the address that was invited."""
    assert event.organizer_email is not None
    person = session.get_one(User, actor.user_id)
    organizer = PersonTold(why=Why.ANSWERED, user_id=None, email=event.organizer_email, name=event.organizer_name)
    who = {"attendee": person.email, "attendee_name": person.full_name}
    return Notice(Why.ANSWERED, event, (organizer,), {**details, **who})


def note_leaving(session: Session, actor: Actor, event: Event) -> list[Notice]:
    """What is to be told to the organizer when the actor, who still takes part, leaves: that they do not come."""
    gone = EventParticipant(
        organization_id=event.organization_id,
        event_id=event.id,
        user_id=actor.user_id,
        response=ParticipantResponse.DECLINED,
        span=event.span,
    )
    return note_answer(session, actor, event, gone)


def chosen(notices: Iterable[Notice], notify: Notify) -> list[tuple[Notice, PersonTold]]:
    """Each telling that the client wants (rule 18)."""
    if notify is Notify.NOBODY:
        return []
    return [
        (notice, person)
        for notice in notices
        for person in notice.recipients
        if notify is Notify.ALL or person.user_id is None
    ]


def tell(session: Session, actor: Actor, notices: list[Notice], notify: Notify) -> None:
    """Tell what was noted, in the actor's name: colleagues as they want it, guests by mail; after the commit."""
    tellings = chosen(notices, notify)
    if tellings:
        sender = session.get_one(User, actor.user_id)
        _write(session, actor.company, sender.full_name or sender.email, tellings)


def tell_in_name_of(session: Session, company: UUID, sender: str, notices: list[Notice]) -> None:
    """The same in the name of somebody who is not signed in."""
    tellings = chosen(notices, Notify.ALL)
    if tellings:
        _write(session, company, sender, tellings)


def tell_of_time_zones(session: Session, company: UUID, notices: list[Notice]) -> None:
    """Tell of meetings that are at another instant, because the rules of their zone have changed."""
    _write(session, company, SENDER, chosen(notices, Notify.ALL), reason="time_zone")


def _write(
    session: Session, company: UUID, sender: str, tellings: list[tuple[Notice, PersonTold]], reason: str | None = None
) -> None:
    organization = session.get_one(Organization, company)
    by_notice: dict[int, tuple[Notice, list[PersonTold]]] = {}
    for notice, person in tellings:
        by_notice.setdefault(id(notice), (notice, []))[1].append(person)
    announcements: list[Announcement] = []
    guests: list[Mail] = []
    for notice, people in by_notice.values():
        itip = itip_service.attach(session, company, notice, people)
        values = {**_values(session, notice), "sender": sender, "reason": reason}
        groups: dict[UUID | None, list[UUID]] = {}
        for person in people:
            if person.user_id is not None:
                groups.setdefault(itip.get(person.email), []).append(person.user_id)
                continue
            told = {**values, "time_zone": organization.time_zone}
            guests.append(
                Mail(
                    MailTemplate.EVENT_NOTICE,
                    person.email,
                    organization.locale,
                    told,
                    about=_about(notice),
                    itip_id=itip.get(person.email),
                )
            )
        for itip_id, colleagues in groups.items():
            mail = MailText(MailTemplate.EVENT_NOTICE, values, itip_id)
            announcements += _announcements(notice, sender, reason, colleagues, mail)
    announce(session, company, announcements)
    outbox_service.enqueue(session, company, guests)


def _announcements(
    notice: Notice, sender: str, reason: str | None, people: list[UUID], mail: MailText
) -> list[Announcement]:
    event = notice.event
    params: dict[str, Any] = {
        "sender": sender,
        "title": event.title,
        "when": SpokenTime(event.start_time, event.is_all_day),
    }
    text, type_ = notice.why.value, _TYPES[notice.why]
    if notice.why is Why.ANSWERED:
        text = f"answered_{notice.details['response']}"
    if proposed := notice.details.get("proposed_start"):
        text, params["proposed"] = "proposed", SpokenTime(datetime.fromisoformat(proposed), event.is_all_day)
    if reason == "time_zone":
        text = "changed_by_time_zone"
    hosts = [person for person in people if person == event.organizer_id]
    guests = [person for person in people if person != event.organizer_id]
    return [
        Announcement(
            type=type_,
            reason=why,
            people=told,
            text=text,
            params=params,
            mail=mail,
            about=_about(notice),
            calendar_id=event.calendar_id,
            original_start=event.original_start,
            channels=frozenset({NotificationChannel.MAIL}) if notice.is_for_calendars else None,
        )
        for why, told in ((NotificationReason.ORGANIZER, hosts), (NotificationReason.PARTICIPANT, guests))
        if told
    ]


def _about(notice: Notice) -> About:
    event = notice.state_of or notice.event
    return About(
        event.id,
        event.series_id or event.id,
        gathers=notice.why is Why.CHANGED,
        replaces=notice.why in (Why.CHANGED, Why.CANCELLED),
    )


def _values(session: Session, notice: Notice) -> dict[str, str | None]:
    event = notice.event
    room = None if event.room_id is None else session.get(Room, (event.organization_id, event.room_id))
    host = session.get_one(User, event.organizer_id)
    return {
        "why": notice.why,
        "title": event.title,
        "location": event.location,
        "room": None if room is None else room.name,
        "organizer": event.organizer_name or event.organizer_email
        if event.organizer_email
        else host.full_name or host.email,
        "start": event.start_time.isoformat(),
        "end": event.end_time.isoformat(),
        "all_day": "yes" if event.is_all_day else None,
        "rule": event.recurrence_rule,
        "occurrence": None if event.original_start is None else event.original_start.isoformat(),
        "repeats": "yes" if event.recurrence_rule or event.rdates else None,
        **notice.details,
    }


def _acting(actor: Actor) -> list[UUID]:
    return [person for person in (actor.user_id, actor.delegate_id) if person is not None]


def _recipients(
    session: Session, company: UUID, why: Why, keys: list[Key], acting: list[UUID]
) -> tuple[PersonTold, ...]:
    people = [key.user_id for key in keys if key.user_id is not None]
    departments = [key.department_id for key in keys if key.department_id is not None]
    told = [PersonTold(why=why, user_id=None, email=key.email, name=None) for key in keys if key.email is not None]
    if people or departments:
        values = {
            "organization_id": company,
            "people": people,
            "departments": departments,
            "acting": acting,
        }
        told += [
            PersonTold(why=why, user_id=row.id, email=row.email, name=row.full_name)
            for row in session.execute(_RECIPIENTS, values)
        ]
    return tuple(told)
