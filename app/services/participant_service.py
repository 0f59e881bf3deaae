"""Who takes part in an event: colleagues, whole departments, guests from outside."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text, true, update
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.ids import new_id
from app.models.base import now
from app.models.department import Department
from app.models.event import Event
from app.models.participant import EventParticipant, ParticipantResponse
from app.models.user import User
from app.schemas.participant import ParticipantWrite
from app.services.bulk_rows import insert_rows
from app.services.department_members import count_people
from app.services.rows import flush, refusals_as

# What an override takes over of its series, or a part of a split series of the whole: everybody, with their answers.
_COPY = text("""
    INSERT INTO event_participants
        (organization_id, id, event_id, user_id, department_id, email, name, via_department_id, role, response, comment,
         proposed_start, proposed_end, replied_sequence, replied_at, transparency, span, created_at)
    SELECT p.organization_id, gen_random_uuid(), e.id, p.user_id, p.department_id, p.email, p.name, p.via_department_id,
           p.role, p.response, p.comment, p.proposed_start, p.proposed_end, p.replied_sequence, p.replied_at,
           p.transparency, e.span, p.created_at
    FROM event_participants p JOIN events e ON e.organization_id = p.organization_id AND e.id = ANY(:targets ::uuid[])
    WHERE p.organization_id = :organization_id AND p.event_id = :source
""")


class Key(NamedTuple):
    """Whom a participant is: one of the three is set."""

    user_id: UUID | None
    department_id: UUID | None
    email: str | None

    @classmethod
    def of(cls, participant: EventParticipant | ParticipantWrite) -> "Key":
        return cls(participant.user_id, participant.department_id, participant.email)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change of the participants was: who came with which role, who has another role now, who went."""

    added: tuple[ParticipantWrite, ...] = ()
    changed: tuple[ParticipantWrite, ...] = ()
    removed: frozenset[Key] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def participants_of(session: Session, event: Event) -> list[EventParticipant]:
    """Everybody who takes part in this very row, in the order in which they were invited."""
    query = select(EventParticipant).where(*_of(event))
    return list(session.execute(query.order_by(col(EventParticipant.created_at), col(EventParticipant.id))).scalars())


def set_participants(session: Session, event: Event, wanted: list[ParticipantWrite]) -> Difference:
    """Make these the participants of a flushed event; those who stay keep their answer.

    Raises:
        Invalid: somebody is no active colleague, a department is not the company's, or there are too many.
    """
    chosen = {Key.of(participant): participant for participant in with_colleagues(session, event, wanted)}
    present = {Key.of(row): row for row in participants_of(session, event) if row.via_department_id is None}
    difference = Difference(
        added=tuple(participant for key, participant in chosen.items() if key not in present),
        changed=tuple(
            participant
            for key, participant in chosen.items()
            if key in present and (present[key].role, present[key].name) != (participant.role, participant.name)
        ),
        removed=frozenset(present.keys() - chosen.keys()),
    )
    check_added(session, event, difference.added, chosen.keys())
    apply_difference(session, event, difference)
    return difference


def apply_difference(session: Session, event: Event, difference: Difference) -> None:
    """Do to this row what was done to another: an override follows its series. Who is not there cannot go."""
    present = {Key.of(row): row for row in participants_of(session, event)} if difference else {}
    for participant in difference.changed:
        if row := present.get(Key.of(participant)):
            row.role, row.name = participant.role, participant.name
    gone = [row.id for key, row in present.items() if key in difference.removed]
    departments = [key.department_id for key in difference.removed if key.department_id is not None]
    if gone:
        # Of a department that goes, also those of its people who had answered.
        session.execute(
            delete(EventParticipant).where(
                *_of(event),
                col(EventParticipant.id).in_(gone) | col(EventParticipant.via_department_id).in_(departments),
            )
        )
    new = []
    for participant in difference.added:
        row = present.get(Key.of(participant))
        if row is None:
            new.append(_new_row(event, participant))
        elif row.via_department_id is not None:
            # Answered as one of a department so far, and now invited by name.
            row.via_department_id, row.role = None, participant.role
    flush(session)
    # In one statement: what its triggers do, they do for all participants of the event.
    with refusals_as():
        insert_rows(session, EventParticipant, new)


def _new_row(event: Event, participant: ParticipantWrite) -> dict[str, Any]:
    return {
        **participant.model_dump(mode="json"),
        "organization_id": event.organization_id,
        "id": new_id(),
        "event_id": event.id,
        "response": ParticipantResponse.NEEDS_ACTION,
        "span": event.span,
        "created_at": now(),
    }


def copy_participants(session: Session, source: Event, *targets: Event) -> None:
    """Give flushed events the participants of another, with their answers."""
    values = {
        "organization_id": source.organization_id,
        "source": source.id,
        "targets": [target.id for target in targets],
    }
    session.execute(_COPY, values)


def has_answers(session: Session, event: Event) -> bool:
    """Whether anybody but the organizer has answered."""
    return session.execute(select(true()).where(*_answered(event)).limit(1)).first() is not None


def reset_responses(session: Session, event: Event) -> None:
    """Ask everybody but the organizer again, since the time has changed (rule 14).

    A reply that was written to an older SEQUENCE and comes late does not count any more (rule 15).
    """
    session.execute(
        update(EventParticipant)
        .where(
            *_of(event),
            col(EventParticipant.user_id).is_distinct_from(event.organizer_id),
            (col(EventParticipant.response) != ParticipantResponse.NEEDS_ACTION)
            | col(EventParticipant.proposed_start).is_not(None)
            | (col(EventParticipant.replied_sequence) < event.sequence),
        )
        .values(
            response=ParticipantResponse.NEEDS_ACTION,
            comment=None,
            proposed_start=None,
            proposed_end=None,
            replied_sequence=func.greatest(col(EventParticipant.replied_sequence), event.sequence),
            replied_at=None,
        )
        .execution_options(synchronize_session=False)
    )


def _answered(event: Event) -> tuple[ColumnElement[bool], ...]:
    return (
        *_of(event),
        col(EventParticipant.response) != ParticipantResponse.NEEDS_ACTION,
        col(EventParticipant.user_id).is_distinct_from(event.organizer_id),
    )


def _of(event: Event) -> tuple[ColumnElement[bool], ...]:
    return (
        col(EventParticipant.organization_id) == event.organization_id,
        col(EventParticipant.event_id) == event.id,
    )


def with_colleagues(session: Session, event: Event, wanted: list[ParticipantWrite]) -> list[ParticipantWrite]:
    """The same, with those guests as colleagues whose address is a colleague's."""
    addresses = {participant.email for participant in wanted if participant.email is not None}
    if not addresses:
        return wanted
    query = select(col(User.email), col(User.id)).where(
        col(User.organization_id) == event.organization_id, col(User.is_active), col(User.email).in_(addresses)
    )
    colleagues = {row.email: row.id for row in session.execute(query)}
    return [
        ParticipantWrite(user_id=colleagues[participant.email], role=participant.role)
        if participant.email in colleagues
        else participant
        for participant in wanted
    ]


def check_added(
    session: Session, event: Event, added: Collection[ParticipantWrite], everybody: Collection[Key]
) -> None:
    """Refuse who cannot be invited; `everybody` is who would take part then.

    Raises:
        Invalid: somebody is no active colleague, a department is not the company's, or with all people of departments
            there are more than EVENT_MAX_PARTICIPANTS.
    """
    if not added:
        return
    limit = get_settings().EVENT_MAX_PARTICIPANTS
    if len(everybody) > limit:
        raise Invalid("too_many_participants", field="participants", limit=limit)
    people = {participant.user_id for participant in added if participant.user_id is not None}
    known = select(func.count()).where(
        col(User.organization_id) == event.organization_id, col(User.is_active), col(User.id).in_(people)
    )
    if people and session.execute(known).scalar_one() < len(people):
        raise Invalid("user_not_found", field="participants")
    departments = {participant.department_id for participant in added if participant.department_id is not None}
    own = select(func.count()).where(
        col(Department.organization_id) == event.organization_id, col(Department.id).in_(departments)
    )
    if departments and session.execute(own).scalar_one() < len(departments):
        raise Invalid("department_not_found", field="participants")
    if count_keys(session, event, everybody) > limit:
        raise Invalid("too_many_participants", field="participants", limit=limit)


def count_keys(session: Session, event: Event, keys: Collection[Key]) -> int:
    """How many people these participants are, those of departments included."""
    people = {key.user_id for key in keys if key.user_id is not None}
    departments = {key.department_id for key in keys if key.department_id is not None}
    outside = sum(key.email is not None for key in keys)
    if not departments:
        return len(people) + outside
    return count_people(session, event.organization_id, people, departments) + outside
