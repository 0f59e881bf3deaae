"""What people are from moment to moment: free, busy, tentative, away or outside their hours (calendar rule 21)."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from uuid import UUID

from sqlmodel import Session

from app.calendaring import availability
from app.calendaring.availability import State
from app.calendaring.free_busy import Span, merged
from app.calendaring.zones import get_zone
from app.core.actor import Actor
from app.models.availability import WorkPlace
from app.models.organization import Organization
from app.schemas.availability import (
    AvailabilityDayRead,
    AvailabilityRead,
    AvailabilitySpanRead,
    FreeSpanRead,
    GroupAvailabilityRead,
)
from app.services import busy_times, presence
from app.services.busy_times import Subject
from app.services.colleagues import colleagues
from app.services.free_busy_service import check_free_time_window, check_subjects
from app.services.presence import HeldLayer
from app.services.user_availability_service import places_between


def read_availability(
    session: Session,
    actor: Actor,
    users: Collection[UUID],
    departments: Collection[UUID],
    start: datetime,
    end: datetime,
) -> GroupAvailabilityRead:
    """What colleagues are over [start, end), UTC. Departments stand for their people and those below.

    Raises:
        NotFound: somebody is no active colleague, or there is no such department.
        Invalid: the window is empty or too wide, nobody is asked for, or too many are.
    """
    check_free_time_window(start, end)
    wanted = set(users)
    for department_id in dict.fromkeys(departments):
        wanted.update(busy_times.members_of(session, actor, department_id))
    check_subjects(len(wanted), is_anybody_named=bool(users or departments))
    people = busy_times.people_of(session, actor, wanted)
    reader = _Reader(session, actor, people, start, end)
    items = [reader.told(person) for person in people]
    free = reader.all_free() if people else []
    return GroupAvailabilityRead(
        start=reader.bounds[0],
        end=reader.bounds[1],
        people=items,
        all_free=[FreeSpanRead(start=_instant(low), end=_instant(high)) for low, high in free],
    )


class _Reader:
    """Asks once for all people, and tells of each."""

    def __init__(self, session: Session, actor: Actor, people: list[Subject], start: datetime, end: datetime) -> None:
        self.start, self.end = int(start.timestamp()), int(end.timestamp())
        self.bounds = _instant(self.start), _instant(self.end)
        self.people = people
        organization = session.get_one(Organization, actor.company)
        busy_times.look_up(session, actor, people, [], *self.bounds)
        self.present = presence.presences(session, organization, people, self.start, self.end)
        self.names = colleagues(session, actor.company, [person.id for person in people])
        first, last = (start - presence.DAY_OR_TWO).date(), (end + presence.DAY_OR_TWO).date()
        self.places = places_between(session, actor.company, [person.id for person in people], first, last)

    def told(self, person: Subject) -> AvailabilityRead:
        days = availability.days_between(self.start, self.end, get_zone(person.zone))
        return AvailabilityRead(
            user=self.names[person.id],
            time_zone=person.zone,
            spans=[
                AvailabilitySpanRead(start=_instant(low), end=_instant(high), state=state)
                for low, high, state in availability.timeline(self.start, self.end, self.laid(person))
            ],
            days=[self.day(person, day) for day in days],
        )

    def laid(self, person: Subject) -> dict[State, list[Span]]:
        present = self.present[person.id]
        return {
            State.FREE: list(present.working),
            State.TENTATIVE: [*person.tentative, *present.requested],
            State.AWAY: list(present.away),
            State.BUSY: person.busy,
        }

    def all_free(self) -> list[Span]:
        """When everybody is."""
        common: list[Span] = [(self.start, self.end)]
        for person in self.people:
            laid = self.laid(person)
            taken = merged([*laid[State.TENTATIVE], *laid[State.AWAY], *laid[State.BUSY]])
            common = availability.common(common, availability.without(laid[State.FREE], taken))
        return common

    def day(self, person: Subject, day: date) -> AvailabilityDayRead:
        """By the strongest of the layers that hold on this date and say something of it."""
        holding = [held for held in reversed(self.present[person.id].layers) if _holds_on(held, day)]
        place = self.places.get((person.id, day)) or next(
            (held.row.places[day.weekday()] for held in holding if held.row is not None and any(held.row.places)), ""
        )
        holiday = holding[0].layer.hours.days_off.get(day)
        return AvailabilityDayRead(day=day, place=WorkPlace(place) if place else None, holiday=holiday)


def _holds_on(held: HeldLayer, day: date) -> bool:
    layer = held.layer
    return (layer.first_day is None or layer.first_day <= day) and (layer.last_day is None or day <= layer.last_day)


def _instant(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
