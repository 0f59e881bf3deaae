"""Telling people what became of a room."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.core.spoken_times import SpokenTime
from app.models.notification import NotificationReason, NotificationType
from app.services.announcement_service import Announcement, MailText, announce
from app.services.outbox_service import MailTemplate
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


_REASONS = {
    RoomWhy.REQUESTED: NotificationReason.APPROVER,
    RoomWhy.OFFERED: NotificationReason.WAITING,
}
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
    """Tell each active person as they want it; it leaves after the commit."""
    announce(session, company, [_announcement(notice) for notice in notices])


def approvers(session: Session, company: UUID, room_id: UUID) -> list[UUID]:
    """Who decides about requests for a room: those of the nearest policy, else administrators and the IT desk."""
    return list(session.execute(_APPROVERS, {"organization_id": company, "room_id": room_id}).scalars())


def _announcement(notice: RoomNotice) -> Announcement:
    return Announcement(
        type=NotificationType.ROOM_REQUEST if notice.why is RoomWhy.REQUESTED else NotificationType.ROOM,
        reason=_REASONS.get(notice.why, NotificationReason.BOOKED),
        people=notice.people,
        text=f"room_{notice.why}",
        params={
            "room": notice.room,
            "other_room": notice.other_room,
            "sender": notice.sender or "Planner",
            "when": SpokenTime(notice.start),
        },
        mail=MailText(MailTemplate.ROOM_NOTICE, _values(notice)),
        url=notice.url,
        is_urgent=notice.why in (RoomWhy.CHECK_IN, RoomWhy.OFFERED),
    )


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
