"""Inviting people to an event and taking them out of it: all of a series, or one occurrence."""

from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import Conflict, Forbidden, NotFound
from app.models.event import Event
from app.schemas.attendance import OccurrenceScope
from app.schemas.participant import ParticipantWrite
from app.services import event_access, room_capacity
from app.services.attendance import Place, find_place
from app.services.event_edit_service import Trace
from app.services.event_service import Outcome
from app.services.notice_service import note_change, note_leaving
from app.services.participant_service import (
    Difference,
    Key,
    apply_difference,
    check_added,
    participants_of,
    with_colleagues,
)
from app.services.rows import flush


def invite(
    session: Session,
    actor: Actor,
    event_id: UUID,
    data: ParticipantWrite,
    if_match: frozenset[int] | None,
    scope: OccurrenceScope | None,
    occurrence: date | None,
) -> Outcome:
    """Invite one more: for hosts, and for guests where the organizer lets them invite.

    Raises:
        NotFound: the actor does not see the event, or the series has no such occurrence.
        Forbidden: the actor may not invite.
        Conflict: they take part already, or the room holds no more by its rules.
        Invalid: there is no such colleague or department, or the event is full.
    """
    place = find_place(session, actor, event_id, occurrence, scope, if_match)
    event = place.event
    _require_inviting(session, actor, event)
    wanted = with_colleagues(session, event, [data])[0]
    present = [Key.of(row) for row in participants_of(session, event) if row.via_department_id is None]
    if Key.of(wanted) in present:
        raise Conflict("already_participant")
    check_added(session, event, (wanted,), [*present, Key.of(wanted)])
    difference = Difference(added=(wanted,))
    _apply(session, place, difference)
    room_capacity.check_capacity(session, actor, place.rows)
    return Outcome(event, [place.series], Trace(notices=note_change(session, actor, event, (), difference)))


def take_out(
    session: Session,
    actor: Actor,
    event_id: UUID,
    key: Key,
    if_match: frozenset[int] | None,
    scope: OccurrenceScope | None,
    occurrence: date | None,
) -> Outcome:
    """Take somebody out of an event: for hosts, and people take themselves out (rule 17). The organizer is told.

    Raises:
        NotFound: the actor does not see the event, the series has no such occurrence, or this one does not take part.
        Forbidden: it is somebody else, and the actor is no host.
        Conflict: they take part with their department, which stays.
    """
    place = find_place(session, actor, event_id, occurrence, scope, if_match)
    event = place.event
    leaves = key.user_id == actor.user_id
    if not leaves:
        event_access.require_host(session, actor, event)
    event_access.require_inside(session, event)
    rows = {Key.of(row): row for row in participants_of(session, event)}
    if key not in rows and leaves and event_access.takes_part(session, actor, event):
        raise Conflict("invited_with_department")
    if key not in rows:
        raise NotFound("participant_not_found")
    if rows[key].via_department_id is not None:
        raise Conflict("invited_with_department")
    difference = Difference(removed=frozenset({key}))
    notices = note_change(session, actor, event, (), difference)
    if leaves:
        notices += note_leaving(session, actor, event)
    _apply(session, place, difference)
    return Outcome(None, [place.series], Trace(notices=notices))


def _require_inviting(session: Session, actor: Actor, event: Event) -> None:
    event_access.require_inside(session, event)
    if event_access.is_host(session, actor, event):
        return
    if not event_access.takes_part(session, actor, event):
        raise Forbidden("not_organizer")
    if not event.guests_can_invite:
        raise Forbidden("guests_cannot_invite")


def _apply(session: Session, place: Place, difference: Difference) -> None:
    for event in place.rows:
        apply_difference(session, event, difference)
    for event in {place.event.id: place.event, place.series.id: place.series}.values():
        event.version += 1
    flush(session)
