"""What a plan of the demo company consists of. People and rooms are referred to by their names."""

from dataclasses import dataclass
from datetime import date, datetime

from app.calendaring.rule import Rule
from app.calendaring.series import Series
from app.calendaring.zones import get_zone
from app.demo.company import Department, PublicCalendar
from app.demo.places import Building, Room, Rules
from app.models.event import EventStatus
from app.models.participant import ParticipantResponse, ParticipantRole
from app.models.user import Role


@dataclass(frozen=True, slots=True)
class Employee:
    name: str
    email: str
    phone: str
    position: str
    department: str
    manager: str | None
    birthday: date
    zone: str
    role: Role
    color: str


@dataclass(frozen=True, slots=True)
class Guest:
    name: str
    role: ParticipantRole = ParticipantRole.REQUIRED
    response: ParticipantResponse = ParticipantResponse.ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One event or series. `start` and `end` are naive wall times in `zone`; all-day: dates, and no zone."""

    title: str
    organizer: str
    start: date
    end: date
    zone: str | None = None
    guests: tuple[Guest, ...] = ()
    # None: the organizer's own calendar.
    calendar: str | None = None
    room: str | None = None
    location: str | None = None
    description: str | None = None
    rule: str | None = None
    exdates: tuple[date, ...] = ()
    status: EventStatus = EventStatus.CONFIRMED
    # Planned under the rules of its room, so that it waits for an approver; all others were there before the rules.
    asks_for_room: bool = False

    @property
    def is_all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def people(self) -> tuple[str, ...]:
        return (self.organizer, *(guest.name for guest in self.guests))

    def series(self) -> Series:
        return Series(
            start=self.start,
            end=self.end,
            zone=get_zone(self.zone) if self.zone else None,
            rule=Rule.parse(self.rule) if self.rule else None,
            exdates=frozenset(self.exdates),
        )


@dataclass(frozen=True, slots=True)
class Away:
    """Days on which somebody is on vacation, the last one included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the demo consists of, in an order in which it can be written."""

    company: str
    departments: tuple[Department, ...]
    employees: tuple[Employee, ...]
    buildings: tuple[Building, ...]
    rooms: tuple[Room, ...]
    rules: tuple[Rules, ...]
    calendars: tuple[PublicCalendar, ...]
    meetings: tuple[Meeting, ...]
    vacations: tuple[Away, ...]
