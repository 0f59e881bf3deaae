"""When a meeting cannot have a room."""

from datetime import datetime

from app.calendaring.free_busy import Span
from app.services.busy_times import Subject
from app.services.closed_times import closed_by_rules
from app.services.room_rules import Rules


def is_lent(rules: Rules, minutes: int) -> bool:
    """Whether the room is lent for so long."""
    return (rules.min_minutes or 0) <= minutes <= (rules.max_minutes or minutes)


def taken(place: Subject, rules: Rules, duration: int, start: datetime, end: datetime) -> list[Span]:
    """Its bookings, confirmed or not, with its buffers; while it is closed; and from where it is not booked yet.

    Args:
        duration: of the meeting, in seconds.
    """
    before, after = (int(buffer.total_seconds()) for buffer in (rules.buffer_before, rules.buffer_after))
    spans = [(begins - after, ends + before) for begins, ends in (*place.busy, *place.tentative)]
    spans += [(_seconds(closes), _seconds(opens)) for closes, opens in closed_by_rules(rules, start, end)]
    # Whoever begins before the booking window ends, may stay beyond it.
    last = _seconds(rules.window_end) + duration - 1
    return [*spans, (last, max(last, _seconds(end)))]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
