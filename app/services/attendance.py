"""What participants name when they answer, or when people are invited or leave: an event, a series, one occurrence."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.models.event import Event
from app.models.participant import EventParticipant
from app.schemas.attendance import OccurrenceScope
from app.schemas.event import Scope
from app.services import event_access, series_service
from app.services.event_service import Choice, find_target


@dataclass(frozen=True, slots=True)
class Place:
    """Where something changes, locked: the row that has the participants, and the overrides that follow a series."""

    event: Event
    series: Event
    overrides: tuple[Event, ...] = ()

    @property
    def rows(self) -> tuple[Event, ...]:
        return (self.event, *self.overrides)


def find_place(
    session: Session,
    actor: Actor,
    event_id: UUID,
    occurrence: date | None,
    scope: OccurrenceScope | None = None,
    if_match: frozenset[int] | None = None,
) -> Place:
    """What the actor names and sees; one occurrence of a series becomes a row of its own (rule 16).

    Raises:
        NotFound: the actor does not see it, or the series has no such occurrence.
        PreconditionFailed: somebody has changed it since.
        Invalid: scope `this` of a series, without an occurrence.
    """
    choice = Choice(None if scope is None else Scope(scope), occurrence)
    target = find_target(session, actor, event_id, choice, if_match, event_access.get_attended)
    if target.scope is Scope.THIS and target.original is not None:
        override = series_service.override_for(session, target.series, target.original)
        return Place(event_access.get_event(session, actor, override.id), target.series)
    return Place(target.series, target.series, tuple(series_service.overrides_of(session, target.series)))


def own_rows(session: Session, actor: Actor, events: Collection[Event]) -> dict[UUID, EventParticipant]:
    """The actor's row in each of these events where they take part, by the event's id.

    Somebody who takes part with a department, and has not answered yet, gets a new row, which is not stored yet.
    """
    named = {event.id: event for event in events}
    query = (
        select(EventParticipant)
        .where(
            col(EventParticipant.organization_id) == actor.company,
            col(EventParticipant.event_id).in_(named),
            (col(EventParticipant.user_id) == actor.user_id)
            | col(EventParticipant.department_id).in_(select(func.departments_of(actor.company, actor.user_id))),
        )
        .order_by(col(EventParticipant.user_id).nulls_last(), col(EventParticipant.created_at))
        .execution_options(populate_existing=True)
    )
    rows: dict[UUID, EventParticipant] = {}
    for row in session.execute(query).scalars():
        if row.event_id not in rows:
            rows[row.event_id] = row if row.user_id else _of_department(actor, named[row.event_id], row)
    return rows


def _of_department(actor: Actor, event: Event, department: EventParticipant) -> EventParticipant:
    return EventParticipant(
        organization_id=event.organization_id,
        event_id=event.id,
        user_id=actor.user_id,
        via_department_id=department.department_id,
        role=department.role,
        span=event.span,
    )
