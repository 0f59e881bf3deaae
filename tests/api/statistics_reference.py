"""The figures of a made-up company, counted minute by minute without Planner's own arithmetic."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Meeting:
    """One occurrence: instants, or the dates of one that lasts all day; and who is in it, as indexes or names."""

    event: str
    start: Any
    end: Any
    people: frozenset[str]
    room: str | None = None

    @property
    def is_all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    def minutes(self, window: tuple[datetime, datetime]) -> list[datetime]:
        """The wall time of each of its minutes inside the window; an all-day meeting has none."""
        if self.is_all_day:
            return []
        count = (self.end - self.start) // MINUTE
        instants = (self.start + number * MINUTE for number in range(count))
        return [instant.astimezone(ZONE) for instant in instants if window[0] <= instant < window[1]]

    def dates(self, window: tuple[datetime, datetime]) -> set[date]:
        """The dates inside the window that it touches."""
        if self.is_all_day:
            days = {self.start + timedelta(days=number) for number in range((self.end - self.start).days)}
            first, last = window[0].astimezone(ZONE).date(), (window[1] - MINUTE).astimezone(ZONE).date()
            return {day for day in days if first <= day <= last}
        if self.start == self.end:
            return {self.start.astimezone(ZONE).date()} if window[0] <= self.start < window[1] else set()
        return {wall.date() for wall in self.minutes(window)}


def figures(meetings: list[Meeting], window: tuple[datetime, datetime], people: set[str]) -> dict[str, Any]:
    """The key figures of the meetings that any of the people is in."""
    mine = [(meeting, len(meeting.people & people)) for meeting in meetings if meeting.people & people]
    mine = [(meeting, count) for meeting, count in mine if meeting.dates(window)]
    lengths = [(len(meeting.minutes(window)), count) for meeting, count in mine]
    return {
        "meetings": len(mine),
        "all_day_meetings": sum(meeting.is_all_day for meeting, _ in mine),
        "hours": round(sum(length for length, _ in lengths) / 60, 2),
        "person_hours": round(sum(length * count for length, count in lengths) / 60, 2),
    }


def by_first_date(
    meetings: list[Meeting], window: tuple[datetime, datetime], people: set[str], unit: str
) -> dict[str, dict[str, Any]]:
    """The figures of every day, week or month of the window, by its first date."""
    days = set()
    instant = window[0]
    while instant < window[1]:
        days.add(instant.astimezone(ZONE).date())
        instant += timedelta(minutes=30)
    groups: dict[str, list[date]] = defaultdict(list)
    for day in sorted(days):
        first = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[unit]
        groups[first.isoformat()].append(day)
    result = {}
    for first, group in groups.items():
        edges = [
            datetime.combine(group[0], time(), ZONE).astimezone(UTC),
            datetime.combine(group[-1] + timedelta(days=1), time(), ZONE).astimezone(UTC),
        ]
        result[first] = figures(meetings, (max(edges[0], window[0]), min(edges[1], window[1])), people)
    return result


def by_hour(
    meetings: list[Meeting], window: tuple[datetime, datetime], people: set[str]
) -> dict[tuple[int, int], float]:
    """The minutes of meetings in each hour of the week."""
    found: Counter[tuple[int, int]] = Counter()
    for meeting in meetings:
        if meeting.people & people:
            found.update((wall.isoweekday(), wall.hour) for wall in meeting.minutes(window))
    return {key: float(count) for key, count in found.items()}


def by_room(
    meetings: list[Meeting], window: tuple[datetime, datetime], people: set[str], work: tuple[set[int], time, time]
) -> dict[str, dict[str, Any]]:
    """Bookings, hours, hours inside working time and the share of it, by the names of the rooms that were booked."""
    weekdays, opens, closes = work

    def works(wall: datetime) -> bool:
        return wall.isoweekday() in weekdays and opens <= wall.time() < closes

    whole = Meeting("", *window, frozenset())
    working = sum(map(works, whole.minutes(window)))
    found: dict[str, list[list[datetime]]] = defaultdict(list)
    for meeting in meetings:
        if meeting.room and meeting.people & people:
            booked = meeting
            if meeting.is_all_day:
                edges = [datetime.combine(day, time(), ZONE).astimezone(UTC) for day in (meeting.start, meeting.end)]
                booked = Meeting("", *edges, frozenset())
            if walls := booked.minutes(window):
                found[meeting.room].append(walls)
    return {
        room: {
            "bookings": len(bookings),
            "booked_hours": round(sum(map(len, bookings)) / 60, 2),
            "booked_working_hours": round(sum(works(wall) for walls in bookings for wall in walls) / 60, 2),
            "working_hours": round(working / 60, 2),
            "share": round(sum(works(wall) for walls in bookings for wall in walls) / working, 4) if working else None,
        }
        for room, bookings in found.items()
    }
