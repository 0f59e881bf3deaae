"""How large a data set is, and how it lies in time."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

SERIES_LENGTH = 10
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Shape:
    """A data set. Events begin evenly over `weeks`, so that a week is equally full whatever the number of events.

    With 2 calendars a user, 5 public ones a company, 3 to 4 participants an event and 8 occurrences a user and
    week, one user's week holds about 50 occurrences: own 8, public 18, those of others' events 25.
    """

    events: int
    weeks: int
    companies: int = 10
    users_per_company: int = 100
    calendars_per_user: int = 2
    public_calendars: int = 5
    rooms_per_company: int = 30
    weekly_share: float = 0.445
    endless_share: float = 0.001
    seed: int = 20260101

    @property
    def users(self) -> int:
        return self.companies * self.users_per_company

    @property
    def calendars(self) -> int:
        return self.users * self.calendars_per_user

    @property
    def measured_week(self) -> int:
        """A week in which as many series go on as in any other: they have begun, and events still begin."""
        return max(self.weeks // 2, SERIES_LENGTH + 1)

    def smaller(self, factor: int) -> "Shape":
        """The same companies with a shorter history: a `factor`th of the events, weeks as full as here."""
        return replace(self, events=self.events // factor, weeks=self.weeks // factor)


FULL = Shape(events=200_000, weeks=130)
QUICK = replace(FULL, events=FULL.events // 10, companies=FULL.companies // 10)


def first_monday(shape: Shape, today: datetime) -> datetime:
    """The Monday (00:00 UTC) of the data set's first week: the measured week is the next one from today."""
    midnight = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    next_monday = midnight + timedelta(days=7 - midnight.weekday())
    return next_monday - shape.measured_week * WEEK


def week_window(today: datetime) -> tuple[str, str]:
    """`from` and `to` of the measured week, as dates."""
    monday = first_monday(FULL, today) + FULL.measured_week * WEEK
    return monday.date().isoformat(), (monday + WEEK).date().isoformat()
