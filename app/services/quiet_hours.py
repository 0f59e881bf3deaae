"""Hours in which somebody does not want to be disturbed, as wall time in their zone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app.calendaring.zones import get_zone, utc_to_wall, wall_to_utc

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on the clock, on the ISO weekdays on which they begin; they may end on the next day."""

    start: time
    end: time
    days: Collection[int]

    def over_at(self, instant: datetime, zone: str) -> datetime | None:
        """When the quiet hours that hold at an instant are over, UTC; None where none hold.

        On the days on which the clocks change, wall times mean what they mean in events (calendar rule 2).
        """
        tz = get_zone(zone)
        today = utc_to_wall(instant, tz).date()
        for day in (today - _DAY, today):
            if day.isoweekday() not in self.days:
                continue
            ends_on = day + _DAY if self.end <= self.start else day
            begins = wall_to_utc(datetime.combine(day, self.start), tz)
            ends = wall_to_utc(datetime.combine(ends_on, self.end), tz)
            if begins <= instant < ends:
                return ends
        return None
