"""Quiet hours: wall time in a zone, over midnight, by weekdays, and on the days on which the clocks change."""

from datetime import UTC, datetime, time

import pytest

from app.services.quiet_hours import QuietHours

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
NIGHT = QuietHours(time(22), time(7), EVERY_DAY)


@pytest.mark.parametrize(
    ("hours", "at", "zone", "over"),
    [
        (NIGHT, "2027-01-11T21:30:00", "Europe/Berlin", "2027-01-12T06:00:00"),
        (NIGHT, "2027-01-12T05:59:59", "Europe/Berlin", "2027-01-12T06:00:00"),
        (NIGHT, "2027-01-12T06:00:00", "Europe/Berlin", None),
        (NIGHT, "2027-01-12T20:59:59", "Europe/Berlin", None),
        (NIGHT, "2027-01-12T18:00:00", "Asia/Almaty", "2027-01-13T02:00:00"),
        (QuietHours(time(12), time(13), EVERY_DAY), "2027-01-12T11:30:00", "Europe/Berlin", "2027-01-12T12:00:00"),
        # The night of a Friday is quiet into Saturday; that of a Saturday is not.
        (QuietHours(time(22), time(7), (5,)), "2027-01-16T05:00:00", "Europe/Berlin", "2027-01-16T06:00:00"),
        (QuietHours(time(22), time(7), (5,)), "2027-01-16T22:00:00", "Europe/Berlin", None),
        # The clocks go forward, and back: seven o'clock on the wall.
        (NIGHT, "2027-03-27T22:00:00", "Europe/Berlin", "2027-03-28T05:00:00"),
        (NIGHT, "2027-10-30T21:00:00", "Europe/Berlin", "2027-10-31T06:00:00"),
        (NIGHT, "2027-10-31T00:30:00", "Europe/Berlin", "2027-10-31T06:00:00"),
        # The end is skipped: the clocks go from two to three, which is one o'clock UTC.
        (QuietHours(time(22), time(2, 30), EVERY_DAY), "2027-03-28T00:59:00", "Europe/Berlin", "2027-03-28T01:30:00"),
    ],
)
def test_when_quiet_hours_are_over(hours: QuietHours, at: str, zone: str, over: str | None) -> None:
    found = hours.over_at(datetime.fromisoformat(at).replace(tzinfo=UTC), zone)
    assert found == (None if over is None else datetime.fromisoformat(over).replace(tzinfo=UTC))
