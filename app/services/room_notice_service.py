"""Telling people what became of a room: mails to those whom it concerns, each in their zone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.models.organization import Organization
from app.models.user import User
from app.services import outbox_service
from app.services.outbox_service import Mail, MailTemplate
from app.services.room_rules_sql import APPROVERS_SQL, RULES_FROM


class RoomWhy(StrEnum):
    """Why somebody is told of a room."""

    # To approvers: somebody asks for the room. They are told no title, since the event may not be theirs to read.
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    CHECK_IN = "check_in"
    RELEASED = "released"
    OFFERED = "offered"
    MOVED = "moved"
    LOST = "lost"


_APPROVERS = text(f"""
    SELECT u.id FROM (
        SELECT r.organization_id, {APPROVERS_SQL} AS policy_id FROM {RULES_FROM}
        WHERE r.organization_id = :organization_id AND r.id = :room_id
    ) approving
    JOIN users u ON u.organization_id = approving.organization_id AND u.is_active
    WHERE approving.policy_id IS NULL AND u.role IN ('admin', 'it')
       OR EXISTS (
           SELECT FROM booking_policy_people listed
           WHERE listed.organization_id = approving.organization_id AND listed.policy_id = approving.policy_id
             AND listed.purpose = 'approver'
             AND (listed.user_id = u.id
                  OR listed.department_id IN (SELECT departments_of(approving.organization_id, u.id)))
       )
    ORDER BY u.id
""")


@dataclass(frozen=True, slots=True)
class RoomNotice:
    """One thing to tell about a room, and to whom. `start` is the (first) meeting's, UTC."""

    why: RoomWhy
    people: Collection[UUID]
    room: str
    start: datetime
    # Only for people who read the event.
    title: str | None = None
    # How many occurrences of a series it is about; None for a single one.
    occurrences: int | None = None
    other_room: str | None = None
    sender: str | None = None
    comment: str | None = None
    # Up to when what is offered is held.
    until: datetime | None = None
    url: str | None = None


def tell(session: Session, company: UUID, notices: Iterable[RoomNotice]) -> None:
    """Write the mails, one for each active person; they leave after the commit."""
    listed = list(notices)
    organization = session.get_one(Organization, company)
    query = select(col(User.id), col(User.email), col(User.time_zone)).where(
        col(User.organization_id) == company,
        col(User.is_active),
        col(User.id).in_({person for notice in listed for person in notice.people}),
    )
    people = {row.id: row for row in session.execute(query)}
    outbox_service.enqueue(
        session,
        company,
        [
            Mail(
                MailTemplate.ROOM_NOTICE,
                people[person].email,
                organization.locale,
                {**_values(notice), "time_zone": people[person].time_zone or organization.time_zone},
            )
            for notice in listed
            for person in sorted(set(notice.people))
            if person in people
        ],
    )


def approvers(session: Session, company: UUID, room_id: UUID) -> list[UUID]:
    """Who decides about requests for a room: those of the nearest policy, else administrators and the IT desk."""
    return list(session.execute(_APPROVERS, {"organization_id": company, "room_id": room_id}).scalars())


def _values(notice: RoomNotice) -> dict[str, str | None]:
    return {
        "why": notice.why,
        "room": notice.room,
        "start": notice.start.isoformat(),
        "title": notice.title,
        "occurrences": None if notice.occurrences in (None, 1) else str(notice.occurrences),
        "other_room": notice.other_room,
        "sender": notice.sender,
        "comment": notice.comment,
        "until": None if notice.until is None else notice.until.isoformat(),
        "url": notice.url,
    }
