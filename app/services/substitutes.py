"""Who acts for people who are away: their substitutes, and whoever stands in for those."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.models.organization import Organization
from app.models.user import User
from app.models.working_time import Absence, AbsenceState
from app.services import presence


def stand_ins(
    session: Session, organization: Organization, people: Collection[UUID], moment: datetime
) -> dict[UUID, UUID]:
    """Who acts for each of these people at an instant: themselves, or whoever stands in, and for those in turn.

    Whoever is away without a substitute who is there, or whose substitutes stand in for each other, is left out, as
    are those who are not active.
    """
    substitutes: dict[UUID, UUID | None] = {}
    asked, present = set(people), set[UUID]()
    known: set[UUID] = set()
    while asked - known:
        wanted = asked - known
        known |= wanted
        present |= active_people(session, organization.id, wanted)
        away = _away(session, organization, wanted, moment)
        substitutes |= away
        asked |= {substitute for substitute in away.values() if substitute is not None}
    found = {}
    for person in people:
        acting: UUID | None = person
        seen: set[UUID] = set()
        while acting is not None and acting in substitutes and acting not in seen:
            seen.add(acting)
            acting = substitutes[acting]
        if acting is not None and acting not in seen and acting in present:
            found[person] = acting
    return found


def active_people(session: Session, company: UUID, people: Collection[UUID]) -> set[UUID]:
    """Those of these people who are active colleagues."""
    query = select(col(User.id)).where(
        col(User.organization_id) == company, col(User.id).in_(people), col(User.is_active)
    )
    return set(session.execute(query).scalars())


def _away(
    session: Session, organization: Organization, people: Collection[UUID], moment: datetime
) -> Mapping[UUID, UUID | None]:
    """Those who are away, on their own clock, with who stands in; of several absences, one with a substitute."""
    query = (
        select(Absence, col(User.time_zone))
        .join(
            User, (col(User.organization_id) == col(Absence.organization_id)) & (col(User.id) == col(Absence.user_id))
        )
        .where(
            col(Absence.organization_id) == organization.id,
            col(Absence.user_id).in_(people),
            col(Absence.state) == AbsenceState.APPROVED,
            # No zone is further than a day from UTC.
            col(Absence.first_day) <= (moment + timedelta(days=1)).astimezone(UTC).date(),
            col(Absence.last_day) >= (moment - timedelta(days=1)).astimezone(UTC).date(),
        )
        .order_by(col(Absence.first_day), col(Absence.id))
    )
    away: dict[UUID, UUID | None] = {}
    for absence, zone in session.execute(query):
        begins, ends = presence.span_of(absence, organization, zone or organization.time_zone)
        if begins <= moment.timestamp() < ends:
            away[absence.user_id] = away.get(absence.user_id) or absence.substitute_id
    return away
