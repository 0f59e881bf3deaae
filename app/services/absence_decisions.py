"""Who approves absences, and what they decide: the manager, whoever stands in for them, or an administrator."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict, Forbidden
from app.models.base import now
from app.models.organization import Organization
from app.models.user import Role, User
from app.models.working_time import Absence, AbsenceState, OwnAbsenceKind
from app.services.rows import flush
from app.services.substitutes import stand_ins


def first_state(session: Session, actor: Actor, absence: Absence) -> AbsenceState:
    """Whether an absence begins as a request. What administrators write for others is approved with that."""
    if actor.is_admin and actor.user_id != absence.user_id:
        return AbsenceState.APPROVED
    organization = session.get_one(Organization, absence.organization_id)
    needs_approval = absence.kind in organization.absences_to_approve
    if absence.kind_id is not None:
        needs_approval = session.get_one(OwnAbsenceKind, (absence.organization_id, absence.kind_id)).needs_approval
    return AbsenceState.REQUESTED if needs_approval else AbsenceState.APPROVED


def decide(session: Session, actor: Actor, absence: Absence, note: str | None, *, is_approved: bool) -> None:
    """Approve or refuse a locked request.

    Raises:
        Forbidden: somebody else decides.
        Conflict: it is no request any more.
    """
    organization = session.get_one(Organization, absence.organization_id)
    deciders = deciders_of(session, organization, [absence])[absence.user_id]
    if not may_decide(actor, absence, deciders):
        raise Forbidden("not_absence_approver")
    if absence.state != AbsenceState.REQUESTED:
        raise Conflict("absence_waits_for_nobody")
    absence.state = AbsenceState.APPROVED if is_approved else AbsenceState.REFUSED
    absence.decided_by_id, absence.decided_at, absence.decision_note = actor.user_id, now(), note
    absence.version += 1
    flush(session)


def may_decide(actor: Actor, absence: Absence, deciders: Collection[UUID]) -> bool:
    """Whether the actor decides about it: nobody about their own, but administrators who have no manager."""
    if actor.user_id == absence.user_id:
        return actor.is_admin and not deciders
    return actor.is_admin or actor.user_id in deciders


def deciders_of(
    session: Session, organization: Organization, absences: Sequence[Absence]
) -> dict[UUID, frozenset[UUID]]:
    """For each of the people who are away their manager and who stands in; nobody where they have none."""
    people = {absence.user_id for absence in absences}
    query = select(col(User.id), col(User.manager_id)).where(
        col(User.organization_id) == organization.id, col(User.id).in_(people), col(User.manager_id).is_not(None)
    )
    managers: dict[UUID, UUID] = {person: manager for person, manager in session.execute(query) if manager is not None}
    acting = stand_ins(session, organization, set(managers.values()), now()) if managers else {}
    found: dict[UUID, frozenset[UUID]] = dict.fromkeys(people, frozenset())
    for person, manager in managers.items():
        found[person] = frozenset({manager, acting.get(manager, manager)} - {person})
    return found


def asked(session: Session, absence: Absence) -> set[UUID]:
    """Whom a request is for: those who decide, or the administrators where nobody else does."""
    organization = session.get_one(Organization, absence.organization_id)
    deciders = deciders_of(session, organization, [absence])[absence.user_id]
    if deciders:
        return set(deciders)
    query = select(col(User.id)).where(
        col(User.organization_id) == organization.id,
        col(User.role) == Role.ADMIN,
        col(User.is_active),
        col(User.id) != absence.user_id,
    )
    return set(session.execute(query).scalars())
