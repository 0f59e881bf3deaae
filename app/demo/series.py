"""The demo's series: team meetings at fixed times, and one-to-ones where two people are free."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from app.calendaring.series import Occurrence
from app.calendaring.zones import utc_to_wall
from app.demo.company import MOSCOW
from app.demo.days import AROUND_CLOCK_CHANGE, Period, days_off, first_day, nearest_clock_change, until
from app.demo.desk import Desk, quarters
from app.demo.meetings import BIWEEKLY, ONE_TO_ONE, RECURRING, Recurring
from app.demo.model import Meeting
from app.demo.people import transliterate
from app.models.event import EventStatus

ONE_TO_ONE_DAYS = ("TU", "WE", "TH", "FR")
ONE_TO_ONE_TIMES = tuple(time(hour, minute) for hour in range(9, 18) for minute in (0, 30))
ONE_TO_ONE_LENGTH = timedelta(minutes=30)


def plan_recurring(desk: Desk, video: str) -> Iterator[Meeting]:
    """The series at fixed times. `video` is the address below which meetings by video take place."""
    for template in RECURRING:
        yield _recurring(desk, template, video)


def _recurring(desk: Desk, template: Recurring, video: str) -> Meeting:
    period = _period(desk, template)
    day = first_day(template.rule, period.first)
    start = datetime.combine(day, time.fromisoformat(template.at))
    rule = template.rule
    if template.ends or template.over_clock_change:
        rule = f"{rule};{until(period.end, template.zone)}"
    guests = [name for name in _names(desk, template.guests) if name != template.organizer]
    meeting = Meeting(
        title=template.title,
        organizer=template.organizer,
        start=start,
        end=start + timedelta(minutes=template.minutes),
        zone=template.zone,
        guests=desk.answers(guests, desk.today, optional=template.guests_optional),
        calendar=template.calendar,
        description=template.description,
        rule=rule,
        status=template.status,
    )
    meeting = without_days_off(desk, meeting, period, (template.organizer,))
    return settled(desk, meeting, f"{video}/{_slug(template.title)}", in_room=template.in_room)


def _period(desk: Desk, template: Recurring) -> Period:
    change = nearest_clock_change(template.zone, desk.today) if template.over_clock_change else None
    return desk.period.including(change, AROUND_CLOCK_CHANGE) if change is not None else desk.period


def _names(desk: Desk, guests: tuple[str, ...]) -> list[str]:
    """The people behind names and keys of departments, each once."""
    found: list[str] = []
    for guest in guests:
        found += [guest] if guest in desk.employees else desk.members([guest])
    return list(dict.fromkeys(found))


def without_days_off(desk: Desk, meeting: Meeting, period: Period, needed: tuple[str, ...]) -> Meeting:
    """The series without its instances on holidays, and while somebody without whom it cannot be is away."""
    assert isinstance(meeting.start, datetime)
    off = days_off(meeting.zone or MOSCOW, period.first, period.end)
    for name in needed:
        off |= desk.away(name)
    series = meeting.series()
    walls = [as_wall(instance, series.zone) for instance in desk.instances(series, period.end)]
    return replace(meeting, exdates=tuple(wall for wall in walls if wall.date() in off))


def as_wall(instance: Occurrence, zone: ZoneInfo | None) -> datetime:
    """The wall time at which a timed instance starts."""
    assert isinstance(instance.start, datetime)
    assert zone is not None
    return utc_to_wall(instance.start, zone)


def settled(desk: Desk, meeting: Meeting, video: str, *, in_room: bool) -> Meeting:
    """The meeting with a room or, where none is free or wanted, a video link; what it takes is noted."""
    when = quarters(desk.instances(meeting.series()))
    if meeting.status is EventStatus.CANCELLED:
        return meeting
    room = desk.free_room(meeting.people, when) if in_room else None
    desk.take([*meeting.people, *([room] if room else [])], when)
    # Who works alone needs no link.
    return replace(meeting, room=room, location=video if room is None and meeting.guests else None)


def plan_one_to_ones(desk: Desk, video: str) -> Iterator[Meeting]:
    """Everybody with their manager, every other week."""
    for employee in desk.employees.values():
        if employee.manager is not None:
            meeting = _one_to_one(desk, employee.manager, employee.name)
            offices = {desk.office_of(employee.manager), desk.office_of(employee.name)}
            in_room = len(offices) == 1 and None not in offices
            yield settled(desk, meeting, f"{video}/{_slug(employee.name)}", in_room=in_room)


def _one_to_one(desk: Desk, manager: str, report: str) -> Meeting:
    """At the first time, in a random order, at which both work and neither is taken."""
    zone = desk.employees[manager].zone
    times = list(product(ONE_TO_ONE_DAYS, (0, 7), ONE_TO_ONE_TIMES))
    desk.random.shuffle(times)
    meeting = None
    for weekday, days_later, at in times:
        rule = f"{BIWEEKLY}{weekday}"
        day: date = first_day(rule, desk.period.first + timedelta(days=days_later))
        start = datetime.combine(day, at)
        meeting = Meeting(
            title=ONE_TO_ONE,
            organizer=manager,
            start=start,
            end=start + ONE_TO_ONE_LENGTH,
            zone=zone,
            guests=desk.answers([report], desk.today),
            rule=rule,
        )
        instances = desk.instances(meeting.series())
        if desk.are_awake(meeting.people, instances) and desk.are_free(meeting.people, quarters(instances)):
            break
    assert meeting is not None
    return without_days_off(desk, meeting, desk.period, meeting.people)


def _slug(title: str) -> str:
    """The title as part of an address."""
    words = "".join(letter if letter.isalnum() else " " for letter in transliterate(title)).split()
    return "-".join(words[:4])
