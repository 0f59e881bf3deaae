"""The meetings that appointments become: made, moved and cancelled in the calendar of their host, with room and guests.

Who is invited besides the visitor is told as of any meeting; what the visitor's calendar is told goes along with the
mail about the appointment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import NotFound
from app.models.appointment import Appointment, AppointmentKind, AvailabilitySlot
from app.models.event import Event, EventStatus
from app.models.organization import Organization
from app.models.participant import ParticipantResponse
from app.models.user import User
from app.schemas.attendance import OccurrenceScope
from app.schemas.event import EventWrite, Notify, Scope
from app.schemas.participant import ParticipantWrite
from app.services import event_service, guest_service, itip_service, notice_service
from app.services.actors import actor_for
from app.services.event_service import Choice, Outcome
from app.services.notice_service import Notice
from app.services.participant_service import Key, participants_of
from app.services.rows import flush

TITLE_MAX, DESCRIPTION_MAX = 500, 10_000


def hold_meeting(
    session: Session, kind: AppointmentKind, slot: AvailabilitySlot, appointment: Appointment, hosts: list[UUID]
) -> UUID | None:
    """Make the meeting of a slot, or invite one more to it; what the visitor's calendar is told, if anything.

    Raises:
        Conflict: the room is taken, or one of its rules is broken.
        Forbidden, NotFound: the host may not use the room or has no calendar.
    """
    visitor = _participant(appointment)
    if slot.event_id is not None:
        host = _host(session, slot.event_id, slot.organization_id)
        outcome = guest_service.invite(session, host, slot.event_id, visitor, None, None, None)
    else:
        host = actor_for(*_person(session, slot.organization_id, hosts[0]))
        outcome = event_service.create_event(session, host, _written(kind, slot, appointment, hosts, visitor, host))
        assert outcome.event is not None
        slot.event_id = outcome.event.id
        flush(session)
    event = session.get_one(Event, (slot.organization_id, slot.event_id))
    _accept(session, event, {appointment.email, *hosts, appointment.user_id})
    return _tell(session, host, outcome, appointment)


def move_meeting(session: Session, slot: AvailabilitySlot, appointment: Appointment) -> UUID | None:
    """Let the meeting follow its slot; raises as `hold_meeting`."""
    assert slot.event_id is not None
    host = _host(session, slot.event_id, slot.organization_id)
    event = session.get_one(Event, (slot.organization_id, slot.event_id))
    values = {"start_time": slot.starts_at, "end_time": slot.ends_at, "time_zone": event.time_zone}
    outcome = _patched(session, host, event, values)
    _accept(session, event, {appointment.email, appointment.user_id})
    return _tell(session, host, outcome, appointment)


def end_meeting(session: Session, slot: AvailabilitySlot, appointment: Appointment, *, is_last: bool) -> UUID | None:
    """Cancel the meeting, or where others come, take this one out of it."""
    event = None if slot.event_id is None else session.get(Event, (slot.organization_id, slot.event_id))
    if event is None or event.status == EventStatus.CANCELLED:
        return None
    host = _host(session, event.id, slot.organization_id)
    if is_last:
        return _tell(session, host, _patched(session, host, event, {"status": EventStatus.CANCELLED}), appointment)
    try:
        key = Key(appointment.user_id, None, None if appointment.user_id else appointment.email)
        outcome = guest_service.take_out(session, host, event.id, key, None, OccurrenceScope.ALL, None)
    except NotFound:
        # A host took them out before.
        return None
    return _tell(session, host, outcome, appointment)


def _patched(session: Session, host: Actor, event: Event, values: Mapping[str, Any]) -> Outcome:
    return event_service.patch_event(session, host, event.id, values, None, Choice(Scope.ALL))


def _participant(appointment: Appointment) -> ParticipantWrite:
    if appointment.user_id is not None:
        return ParticipantWrite(user_id=appointment.user_id)
    return ParticipantWrite(email=appointment.email, name=appointment.name)


def _written(
    kind: AppointmentKind,
    slot: AvailabilitySlot,
    appointment: Appointment,
    hosts: list[UUID],
    visitor: ParticipantWrite,
    host: Actor,
) -> EventWrite:
    is_alone = kind.capacity == 1
    title = f"{kind.name}: {appointment.name or appointment.email}" if is_alone else kind.name
    labels = {question["key"]: question["label"] for question in kind.questions}
    answers = "\n".join(f"{labels[key]}: {_said(value)}" for key, value in appointment.answers.items() if key in labels)
    return EventWrite(
        title=title[:TITLE_MAX],
        # What one visitor answered is not the others' business.
        description=answers[:DESCRIPTION_MAX] or None if is_alone else None,
        start_time=slot.starts_at,
        end_time=slot.ends_at,
        time_zone=host.time_zone,
        location=kind.place,
        room_id=kind.room_id,
        guests_can_see_guests=is_alone,
        participants=[
            *(ParticipantWrite(user_id=one) for one in hosts[1:] if one != visitor.user_id),
            *([] if visitor.user_id == hosts[0] else [visitor]),
        ],
    )


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return "✓" if value else "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _accept(session: Session, event: Event, who: Iterable[Any]) -> None:
    """Those who booked and those who offer have agreed already."""
    agreed = set(who) - {None}
    for row in participants_of(session, event):
        if row.user_id in agreed or (row.user_id is None and row.email in agreed):
            row.response = ParticipantResponse.ACCEPTED
    flush(session)


def _tell(session: Session, host: Actor, outcome: Outcome, appointment: Appointment) -> UUID | None:
    """Tell the colleagues who take part; the id of what the visitor's calendar is told, for the mail about it."""
    itip: UUID | None = None
    inside: list[Notice] = []
    for notice in outcome.trace.notices:
        visitors = [person for person in notice.recipients if _is(person, appointment)]
        others = tuple(person for person in notice.recipients if not _is(person, appointment))
        if visitors and appointment.user_id is None:
            itip = itip_service.attach(session, host.company, notice, visitors).get(visitors[0].email, itip)
        else:
            others = notice.recipients
        if others:
            inside.append(replace(notice, recipients=others))
    notice_service.tell(session, host, inside, Notify.ALL)
    return itip


def _is(person: Any, appointment: Appointment) -> bool:
    return person.user_id is None and person.email == appointment.email


def _host(session: Session, event_id: UUID, company: UUID) -> Actor:
    """Whose meeting it is."""
    event = session.get_one(Event, (company, event_id))
    return actor_for(*_person(session, company, event.organizer_id))


def _person(session: Session, company: UUID, person: UUID) -> tuple[User, Organization]:
    return session.get_one(User, person), session.get_one(Organization, company)
