"""Who takes part in events, as somebody may see it: a few statements, however many events and participants."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.core.actor import Actor
from app.core.config import get_settings
from app.models.event import Event
from app.models.participant import ParticipantResponse
from app.schemas.participant import MemberRead, ParticipantRead
from app.services.department_members import BELOW_SQL
from app.services.event_access import hosted

_ROWS = text("""
    SELECT p.event_id, p.user_id, p.department_id, p.via_department_id, coalesce(p.email, u.email) AS email,
           u.full_name, coalesce(p.name, d.name) AS name, p.role, p.response, p.comment, p.proposed_start,
           p.proposed_end, p.transparency
    FROM event_participants p
    LEFT JOIN users u ON u.organization_id = p.organization_id AND u.id = p.user_id
    LEFT JOIN departments d ON d.organization_id = p.organization_id AND d.id = p.department_id
    WHERE p.organization_id = :organization_id AND p.event_id = ANY(:events ::uuid[])
    ORDER BY p.created_at, p.id
""")
# Of a large department the first by name, and all of :named. `covered_by`: those of :departments that it lies below.
_MEMBERS = text(f"""
    WITH {BELOW_SQL}, covers AS (
        SELECT id, array_agg(root) AS roots FROM below WHERE id = ANY(:departments ::uuid[]) GROUP BY id
    ), members AS (
        SELECT b.root, u.id, u.email, u.full_name, count(*) OVER (PARTITION BY b.root) AS total,
               row_number() OVER (PARTITION BY b.root ORDER BY u.full_name, u.id) AS place
        FROM below b JOIN users u ON u.organization_id = :organization_id AND u.department_id = b.id
        WHERE u.is_active
    )
    SELECT m.root AS department_id, m.id AS user_id, m.email, m.full_name, m.total, c.roots AS covered_by
    FROM members m JOIN covers c ON c.id = m.root
    WHERE m.place <= :shown OR m.id = ANY(:named ::uuid[])
    ORDER BY m.root, m.place
""")
_NO_ANSWER: dict[str, Any] = {
    "response": ParticipantResponse.NEEDS_ACTION,
    "comment": None,
    "proposed_start": None,
    "proposed_end": None,
}


@dataclass(frozen=True, slots=True)
class Participants:
    """The participants of one event that somebody may see, and how many people take part in all."""

    items: list[ParticipantRead]
    count: int


def read_participants(session: Session, actor: Actor, events: Sequence[Event]) -> dict[UUID, Participants]:
    """The participants of events that the actor reads, by the event's id.

    Where guests do not see each other, only hosts see all; others see themselves, and the organizer.
    """
    session.flush()
    ids = [event.id for event in events]
    rows = defaultdict(list)
    for row in session.execute(_ROWS, {"organization_id": actor.company, "events": ids}):
        rows[row.event_id].append(row)
    members = _members(session, actor, [row for found in rows.values() for row in found])
    asked = [
        event
        for event in events
        if not event.guests_can_see_guests or any(row.proposed_start is not None for row in rows[event.id])
    ]
    hosts = hosted(session, actor, asked)
    return {event.id: _of_event(actor, event, rows[event.id], members, is_host=event.id in hosts) for event in events}


def _members(session: Session, actor: Actor, rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    departments = {row.department_id for row in rows if row.department_id is not None}
    if not departments:
        return {}
    values = {
        "organization_id": actor.company,
        "departments": list(departments),
        "named": list({actor.user_id, *(row.user_id for row in rows if row.user_id is not None)}),
        "shown": get_settings().PARTICIPANTS_SHOWN,
    }
    members = defaultdict(list)
    for member in session.execute(_MEMBERS, values):
        members[member.department_id].append(member)
    return members


def _of_event(
    actor: Actor, event: Event, rows: list[Any], members: dict[UUID, list[Any]], *, is_host: bool
) -> Participants:
    invited = {row.department_id for row in rows if row.department_id is not None}
    answers = {row.user_id: row for row in rows if row.via_department_id is not None}
    by_name = {row.user_id for row in rows if row.user_id is not None and row.via_department_id is None}
    present = {member.user_id for department in invited for member in members.get(department, ())}
    items, count = [], 0
    for row in rows:
        if row.via_department_id is not None and row.user_id in present:
            continue
        item = ParticipantRead(
            user_id=row.user_id,
            department_id=row.department_id,
            email=row.email,
            full_name=row.full_name,
            name=row.name,
            role=row.role,
            transparency=row.transparency if row.user_id == actor.user_id else None,
            members=None,
            members_count=None,
            **_answer(actor, event, row, is_host=is_host),
        )
        if row.department_id is None:
            count += 1
        else:
            found = members.get(row.department_id, [])
            apart = sum(member.user_id in by_name for member in found)
            item.members_count = found[0].total - apart if found else 0
            item.members = [
                _member(actor, event, member, answers.get(member.user_id), is_host=is_host)
                for member in found
                if member.user_id not in by_name
            ]
            # Of departments below each other, people count once.
            if found and not (set(found[0].covered_by) - {row.department_id}) & invited:
                count += item.members_count
        items.append(item)
    if not event.guests_can_see_guests and not is_host:
        items = _only_own(actor, event, items)
    for item in items:
        _shorten(item)
    return Participants(items, count)


def _member(actor: Actor, event: Event, member: Any, row: Any, *, is_host: bool) -> MemberRead:
    answer = _NO_ANSWER if row is None else _answer(actor, event, row, is_host=is_host)
    return MemberRead(user_id=member.user_id, full_name=member.full_name, email=member.email, **answer)


def _answer(actor: Actor, event: Event, row: Any, *, is_host: bool) -> dict[str, Any]:
    sees_proposal = is_host or row.user_id == actor.user_id
    return {
        "response": row.response,
        "comment": row.comment,
        "proposed_start": _told(event, row.proposed_start) if sees_proposal else None,
        "proposed_end": _told(event, row.proposed_end) if sees_proposal else None,
    }


def _told(event: Event, instant: datetime | None) -> date | None:
    return instant.date() if instant is not None and event.is_all_day else instant


def _only_own(actor: Actor, event: Event, items: list[ParticipantRead]) -> list[ParticipantRead]:
    """The actor, alone or in their department, and the organizer."""
    own = []
    for item in items:
        if item.members is not None:
            item.members = [member for member in item.members if member.user_id == actor.user_id]
            item.members_count = None
        if item.members or (item.user_id is not None and item.user_id in (actor.user_id, event.organizer_id)):
            own.append(item)
    return own


def _shorten(item: ParticipantRead) -> None:
    """At most PARTICIPANTS_SHOWN of a department, who answered first."""
    if item.members is not None:
        item.members.sort(key=lambda member: member.response == ParticipantResponse.NEEDS_ACTION)
        del item.members[get_settings().PARTICIPANTS_SHOWN :]
