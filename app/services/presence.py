"""When people work and when they are away: what find-a-time, tickets, availability and bookable slots ask alike.

The company's working days hold for whoever says nothing else; over them lie the hours of departments, the nearest one
last, and then people's own. Absences are laid on top by whoever asks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session, col

from app.calendaring import availability, weekly_hours
from app.calendaring.availability import Layer, strength_of
from app.calendaring.free_busy import Span, merged
from app.calendaring.service_hours import DAY, ServiceHours
from app.calendaring.weekly_hours import spans_of
from app.calendaring.zones import get_zone
from app.models.availability import UserAvailability
from app.models.department import Department
from app.models.organization import Organization
from app.models.user import User
from app.models.working_time import Absence, AbsenceState
from app.services import holiday_service
from app.services.holiday_service import Holidays
from app.services.opening_hours import as_spans

# No zone is further from UTC than this.
DAY_OR_TWO = timedelta(days=2)


class Whom(Protocol):
    """Somebody and the zone of their clock."""

    @property
    def id(self) -> UUID: ...
    @property
    def zone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Presence:
    """When somebody works, by which layers, and is away within the asked time; `requested` nobody has approved yet."""

    layers: "tuple[HeldLayer, ...]"
    working: tuple[Span, ...]
    away: tuple[Span, ...]
    requested: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class HeldLayer:
    """A layer with the row that says it; None: the company."""

    layer: Layer
    row: UserAvailability | None = None


def company_hours(organization: Organization) -> list[weekly_hours.Span]:
    """Minutes of the week that a company works."""
    start, end = organization.workday_start, organization.workday_end
    minutes = (start.hour * 60 + start.minute, end.hour * 60 + end.minute)
    return spans_of((weekday, *minutes) for weekday in organization.working_days)


def presences(
    session: Session,
    organization: Organization,
    people: Sequence[Whom],
    start: int,
    end: int,
    over: Mapping[UUID, Sequence[Layer]] | None = None,
) -> dict[UUID, Presence]:
    """When each of these people works and is away within [start, end), seconds since 1970 UTC.

    Args:
        over: layers that are stronger than all of their own.
    """
    layers = layers_of(session, organization, people, start, end)
    away, requested = absences_of(session, organization, people, start, end)
    known: dict[tuple[Layer, ...], tuple[Span, ...]] = {}
    found = {}
    for person in people:
        own = (*(held.layer for held in layers[person.id]), *(over or {}).get(person.id, ()))
        if own not in known:
            known[own] = tuple(availability.working(own, start, end))
        found[person.id] = Presence(
            tuple(layers[person.id]),
            known[own],
            tuple(merged(away.get(person.id, ()))),
            tuple(merged(requested.get(person.id, ()))),
        )
    return found


def layers_of(
    session: Session, organization: Organization, people: Sequence[Whom], start: int, end: int
) -> dict[UUID, list[HeldLayer]]:
    """The hours of each of these people that hold within [start, end), the weakest first."""
    maker = LayerMaker.between(session, organization, start, end)
    ids = [person.id for person in people]
    own: dict[UUID, list[UserAvailability]] = {}
    of_departments: dict[UUID, list[UserAvailability]] = {}
    for row in maker.rows(ids):
        if row.user_id is not None:
            own.setdefault(row.user_id, []).append(row)
        elif row.department_id is not None:
            of_departments.setdefault(row.department_id, []).append(row)
    branches = _branches(session, organization.id, ids) if of_departments else {}
    found = {}
    for person in people:
        rows = [row for place in branches.get(person.id, ()) for row in _by_strength(of_departments.get(place, ()))]
        rows += _by_strength(own.get(person.id, ()))
        found[person.id] = [maker.of_company(person.zone), *(maker.of_row(row, person.zone) for row in rows)]
    return found


def absences_of(
    session: Session, organization: Organization, people: Sequence[Whom], start: int, end: int
) -> tuple[dict[UUID, list[Span]], dict[UUID, list[Span]]]:
    """When these people are away within [start, end), and when they have asked to be; cut at its bounds."""
    zones = {person.id: person.zone for person in people}
    first, last = _dates(start, end)
    query = select(Absence).where(
        col(Absence.organization_id) == organization.id,
        col(Absence.user_id).in_(zones),
        col(Absence.first_day) <= last,
        col(Absence.last_day) >= first,
        col(Absence.state) != AbsenceState.REFUSED,
    )
    away: dict[UUID, list[Span]] = {}
    requested: dict[UUID, list[Span]] = {}
    for absence in session.execute(query.order_by(col(Absence.first_day), col(Absence.id))).scalars():
        begins, ends = span_of(absence, organization, zones[absence.user_id])
        begins, ends = max(begins, start), min(ends, end)
        if begins < ends:
            found = away if absence.state == AbsenceState.APPROVED else requested
            found.setdefault(absence.user_id, []).append((begins, ends))
    return away, requested


def span_of(absence: Absence, organization: Organization, zone: str) -> Span:
    """When an absence is, on the clock of whoever is away."""
    return availability.away_between(
        absence.first_day,
        absence.last_day,
        get_zone(zone),
        organization.midday,
        starts_midday=absence.starts_midday,
        ends_midday=absence.ends_midday,
    )


def zones_of(session: Session, organization: Organization, people: Collection[UUID]) -> dict[UUID, str]:
    """The zone of each of these people."""
    query = select(col(User.id), col(User.time_zone)).where(
        col(User.organization_id) == organization.id, col(User.id).in_(people)
    )
    return {person: zone or organization.time_zone for person, zone in session.execute(query)}


def _dates(start: int, end: int) -> tuple[date, date]:
    """The dates that [start, end) can touch, wherever on earth."""
    bounds = [datetime.fromtimestamp(moment, UTC) for moment in (start, end)]
    return (bounds[0] - DAY_OR_TWO).date(), (bounds[1] + DAY_OR_TWO).date()


def _by_strength(rows: Collection[UserAvailability]) -> list[UserAvailability]:
    return sorted(rows, key=lambda row: (strength_of(row.priority), row.first_day or date.min))


def _branches(session: Session, company: UUID, people: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The departments of each person, the topmost first."""
    of_people = select(col(User.id), col(User.department_id)).where(
        col(User.organization_id) == company, col(User.id).in_(people), col(User.department_id).is_not(None)
    )
    tree = select(col(Department.id), col(Department.parent_id)).where(col(Department.organization_id) == company)
    parents: dict[UUID | None, UUID | None] = {row.id: row.parent_id for row in session.execute(tree)}
    found: dict[UUID, list[UUID]] = {}
    for person, department in session.execute(of_people):
        place: UUID | None = department
        while place is not None:
            found.setdefault(person, []).insert(0, place)
            place = parents.get(place)
    return found


@dataclass
class LayerMaker:
    """Turns rows into layers, each kind of hours once, with the holidays of `first` to `last`."""

    session: Session
    organization: Organization
    first: date
    last: date
    _hours: dict[tuple[object, ...], ServiceHours] = field(default_factory=dict)
    _holidays: dict[str | None, Holidays] = field(default_factory=dict)

    @classmethod
    def between(cls, session: Session, organization: Organization, start: int, end: int) -> "LayerMaker":
        """For layers that are asked for within [start, end)."""
        return cls(session, organization, *_dates(start, end))

    def rows(self, people: Collection[UUID]) -> Sequence[UserAvailability]:
        """What these people and all departments say of these days."""
        row = UserAvailability
        query = select(row).where(
            col(row.organization_id) == self.organization.id,
            or_(col(row.user_id).in_(people), col(row.department_id).is_not(None)),
            or_(col(row.first_day).is_(None), col(row.first_day) <= self.last),
            or_(col(row.last_day).is_(None), col(row.last_day) >= self.first),
        )
        return self.session.execute(query).scalars().all()

    def of_company(self, zone: str) -> HeldLayer:
        return HeldLayer(Layer(self.service(tuple(company_hours(self.organization)), zone, None, keeps_holidays=True)))

    def of_row(self, row: UserAvailability, zone: str) -> HeldLayer:
        hours = self.service(
            tuple(as_spans(row.hours)),
            row.time_zone or zone,
            row.holiday_country,
            keeps_holidays=row.keeps_holidays,
        )
        return HeldLayer(Layer(hours, row.first_day, row.last_day), row)

    def service(
        self, spans: tuple[weekly_hours.Span, ...], zone: str, country: str | None, *, keeps_holidays: bool
    ) -> ServiceHours:
        key = (spans, zone, country, keeps_holidays)
        if key not in self._hours:
            kept: Mapping[date, str] = {}
            worked: Mapping[date, str] = {}
            if keeps_holidays:
                holidays = self._of_country(country)
                kept, worked = holidays.off, holidays.worked
            self._hours[key] = ServiceHours(get_zone(zone), spans, kept, worked)
        return self._hours[key]

    def _of_country(self, country: str | None) -> Holidays:
        if country not in self._holidays:
            self._holidays[country] = holiday_service.holidays_of(
                self.session, self.organization, self.first, self.last + DAY, country
            )
        return self._holidays[country]
