"""Hours in which somebody does not want to be disturbed, as wall time in their zone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on the clock, on the ISO weekdays on which they begin; they may end on the next day."""

    start: time
    end: time
    days: Collection[int]

    def over_at(self, instant: datetime, zone: str) -> datetime | None:
        """When the quiet hours that hold at an instant are over, UTC; None where none hold.

        Where the clocks are changed in between, they end when the clock on the wall says so.
        """
        tz = ZoneInfo(zone)
        wall = instant.astimezone(tz).replace(tzinfo=None)
        for day in (wall.date() - _DAY, wall.date()):
            if day.isoweekday() not in self.days:
                continue
            begins = datetime.combine(day, self.start)
            ends = datetime.combine(day + _DAY if self.end <= self.start else day, self.end)
            if begins <= wall < ends:
                over = ends.replace(tzinfo=tz).astimezone(instant.tzinfo)
                return over if over > instant else None
        return None
