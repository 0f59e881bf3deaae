"""Telling people of absences: who decides, who asked, who stands in, and whose meetings lie in them."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.spoken_times import SpokenTime
from app.models.notification import NotificationReason, NotificationType
from app.models.user import User
from app.models.working_time import Absence, AbsenceState
from app.services import absence_decisions
from app.services.announcement_service import Announcement, announce


def tell_new(session: Session, actor: Actor, absence: Absence) -> None:
    """A request, to those who decide; an absence that needs no approval, to who stands in."""
    if absence.state == AbsenceState.REQUESTED:
        people = absence_decisions.asked(session, absence) - {actor.user_id}
        kind, reason = NotificationType.ABSENCE_REQUEST, NotificationReason.DECIDES
        _tell(session, absence, kind, reason, people, "absence_requested")
    else:
        tell_substitute(session, actor, absence)


def tell_substitute(session: Session, actor: Actor, absence: Absence) -> None:
    """Whoever stands in from now on."""
    if absence.state == AbsenceState.APPROVED and absence.substitute_id is not None:
        people = {absence.substitute_id} - {actor.user_id}
        _tell(session, absence, NotificationType.ABSENCE, NotificationReason.SUBSTITUTE, people, "absence_substitute")


def tell_decision(session: Session, actor: Actor, absence: Absence) -> None:
    """What was decided, to who asked and who stands in."""
    text = "absence_approved" if absence.state == AbsenceState.APPROVED else "absence_refused"
    people = {absence.user_id} - {actor.user_id}
    _tell(session, absence, NotificationType.ABSENCE, NotificationReason.REQUESTER, people, text)
    tell_substitute(session, actor, absence)


def tell_withdrawn(session: Session, actor: Actor, absence: Absence) -> None:
    """That it does not take place, or is not asked for any more."""
    if absence.state == AbsenceState.REQUESTED:
        people = absence_decisions.asked(session, absence)
    else:
        people = {absence.decided_by_id} - {None} if absence.decided_by_id else set()
        if absence.substitute_id is not None and absence.state == AbsenceState.APPROVED:
            people.add(absence.substitute_id)
    told = {person for person in people if person is not None} - {actor.user_id}
    _tell(session, absence, NotificationType.ABSENCE, NotificationReason.DECIDES, told, "absence_withdrawn")


def tell_organizer(session: Session, absence: Absence, organizer: UUID, title: str, start: SpokenTime) -> None:
    """That somebody who is invited is away then."""
    params = {"title": title, "when": start}
    kind, reason = NotificationType.ANSWER, NotificationReason.ORGANIZER
    _tell(session, absence, kind, reason, {organizer}, "absence_organizer", **params)


def _tell(
    session: Session,
    absence: Absence,
    kind: NotificationType,
    reason: NotificationReason,
    people: Collection[UUID],
    text: str,
    **params: Any,
) -> None:
    person = session.get_one(User, absence.user_id)
    note = f"({absence.decision_note})" if absence.decision_note else ""
    days = {"first": _day(absence.first_day), "last": _day(absence.last_day), "note": note}
    said = Announcement(
        type=kind,
        reason=reason,
        people=people,
        text=text,
        params={"sender": person.full_name or person.email, **days, **params},
    )
    announce(session, absence.organization_id, [said])


def _day(day: date) -> SpokenTime:
    return SpokenTime(datetime.combine(day, time(), UTC), is_all_day=True)
