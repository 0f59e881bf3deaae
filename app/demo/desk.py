"""Who and which room is taken when, so that the plan of the demo books nothing twice."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from app.calendaring.series import Occurrence, Series
from app.calendaring.zones import get_zone
from app.demo.days import DAY, Period, monday_of
from app.demo.meetings import VACATIONS
from app.demo.model import Employee, Guest
from app.demo.places import MOSCOW_OFFICE, OFFICES, Room
from app.models.participant import ParticipantResponse, ParticipantRole

QUARTER_SECONDS = 15 * 60
# Longer than rooms are booked ahead by default, since series without an end take their room up to there.
ROOMS_PLANNED_AHEAD = timedelta(days=800)
EARLIEST_HOUR, LATEST_HOUR = 8.5, 19.5
# Twice a year is enough to see every offset between two zones: of a biweekly series every 13th instance.
HOURS_CHECKED_EVERY = 13

Quarters = frozenset[int]


class Desk:
    """The state while meetings are planned: three months, people, what is taken already, and chance."""

    def __init__(self, today: date, employees: Iterable[Employee], rooms: Iterable[Room]) -> None:
        self.today = today
        self.period = Period.around(today)
        self.employees = {employee.name: employee for employee in employees}
        self.rooms = sorted(rooms, key=lambda room: room.capacity)
        self.random = Random(f"planner demo {today.isoformat()}")
        self._taken: dict[str, set[int]] = defaultdict(set)
        self._away: dict[str, set[date]] = defaultdict(set)
        for vacation in VACATIONS:
            first = monday_of(today) + timedelta(weeks=vacation.weeks)
            self._away[vacation.name] |= {first + number * DAY for number in range(vacation.days)}

    def members(self, departments: Iterable[str]) -> list[str]:
        """The names of the people in these departments, in a fixed order."""
        wanted = set(departments)
        return [employee.name for employee in self.employees.values() if employee.department in wanted]

    def instances(self, series: Series, end: date | None = None) -> list[Occurrence]:
        """The instances of a timed series before the day `end`, by default up to where rooms are booked."""
        last = end or self.today + ROOMS_PLANNED_AHEAD
        return list(series.occurrences(before=datetime.combine(last, time(), UTC)))

    def away(self, name: str) -> set[date]:
        """The days of the person's vacations."""
        return self._away[name]

    def are_free(self, names: Iterable[str], when: Quarters) -> bool:
        return all(when.isdisjoint(self._taken[name]) for name in names)

    def take(self, names: Iterable[str], when: Quarters) -> None:
        for name in names:
            self._taken[name] |= when

    def office_of(self, name: str) -> str | None:
        """Where the person sits; None for those who work from elsewhere."""
        return OFFICES.get(self.employees[name].zone)

    def free_room(self, people: tuple[str, ...], when: Quarters) -> str | None:
        """The smallest free room for these people in the office of the first; None when there is none."""
        office = self.office_of(people[0]) or MOSCOW_OFFICE
        for room in self.rooms:
            if room.office == office and room.capacity >= len(people) and self.are_free([room.name], when):
                return room.name
        return None

    def are_awake(self, names: Iterable[str], instances: list[Occurrence]) -> bool:
        """Whether the instances lie within the hours in which these people work, each in their own zone."""
        zones = {get_zone(self.employees[name].zone) for name in names}
        for instance in instances[::HOURS_CHECKED_EVERY]:
            assert isinstance(instance.start, datetime)
            assert isinstance(instance.end, datetime)
            for zone in zones:
                start, end = instance.start.astimezone(zone), instance.end.astimezone(zone)
                if start.hour + start.minute / 60 < EARLIEST_HOUR or end.hour + end.minute / 60 > LATEST_HOUR:
                    return False
        return True

    def answers(self, names: Iterable[str], day: date, *, optional: bool = False) -> tuple[Guest, ...]:
        """The guests with what they answered; to what lies behind, everybody has."""
        role = ParticipantRole.OPTIONAL if optional else ParticipantRole.REQUIRED
        open_answers = 1 if day < self.today else 5
        weights = (20, 2, 1 if role is ParticipantRole.REQUIRED else 4, open_answers)
        responses = (
            ParticipantResponse.ACCEPTED,
            ParticipantResponse.TENTATIVE,
            ParticipantResponse.DECLINED,
            ParticipantResponse.NEEDS_ACTION,
        )
        return tuple(Guest(name, role, self.random.choices(responses, weights)[0]) for name in names)


def quarters(instances: Iterable[Occurrence]) -> Quarters:
    """The quarters of an hour that the instances cover, counted from 1970."""
    covered: set[int] = set()
    for instance in instances:
        assert isinstance(instance.start, datetime)
        assert isinstance(instance.end, datetime)
        first = int(instance.start.timestamp()) // QUARTER_SECONDS
        end = -(-int(instance.end.timestamp()) // QUARTER_SECONDS)
        covered.update(range(first, end))
    return frozenset(covered)
