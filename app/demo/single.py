"""The demo's other events: company days, vacations, meetings that take place once, private appointments."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count, product

from app.demo.company import HOLIDAYS_CALENDAR, MOSCOW, PUBLIC_CALENDARS, VACATIONS_CALENDAR
from app.demo.days import DAY, days_off, first_day, monday_of
from app.demo.desk import Desk, quarters
from app.demo.meetings import (
    HOLIDAYS,
    OCCASIONS,
    OPEN_DAY,
    OPEN_DAY_HOST,
    PAYDAY,
    PAYDAY_RULE,
    PRIVATE_OCCASIONS,
    PRIVATE_OCCASIONS_ABROAD,
    VACATIONS,
    Occasion,
)
from app.demo.model import Guest, Meeting
from app.demo.places import HALL
from app.demo.series import settled
from app.models.event import EventStatus

OCCASIONS_A_WEEK = 9
PRIVATE_A_WEEK = 2
ATTEMPTS = 40
WORKING_DAYS = 5
# From the first day on which the host and the hall are free.
OPEN_DAY_EARLIEST, OPEN_DAY_LATEST = 15, 50
TIMES = tuple(time(hour, minute) for hour in range(9, 18) for minute in (0, 30))
# Of twenty meetings, this many are still uncertain (ahead), or were called off.
TENTATIVE_OF_20, CANCELLED_OF_20 = 3, 1

_OWNERS = {calendar.name: calendar.owner for calendar in PUBLIC_CALENDARS}


def plan_company_days(desk: Desk) -> Iterator[Meeting]:
    """Holidays of every year and the company's own days, all-day, in a public calendar."""
    calendar = HOLIDAYS_CALENDAR
    for holiday in HOLIDAYS:
        start = date(desk.period.first.year, holiday.month, holiday.day)
        yield Meeting(
            title=holiday.title,
            organizer=_OWNERS[calendar],
            calendar=calendar,
            start=start,
            end=start + timedelta(days=holiday.days),
            rule="FREQ=YEARLY",
        )
    start = first_day(PAYDAY_RULE, desk.period.first)
    yield Meeting(
        title=PAYDAY,
        organizer=_OWNERS[calendar],
        calendar=calendar,
        start=start,
        end=start + DAY,
        rule=PAYDAY_RULE,
    )


def plan_vacations(desk: Desk) -> Iterator[Meeting]:
    """Vacations, all-day over several days, kept by the personnel office in a public calendar."""
    for vacation in VACATIONS:
        start = monday_of(desk.today) + timedelta(weeks=vacation.weeks)
        yield Meeting(
            title=f"{_word_for_vacation(desk, vacation.name)}: {vacation.name}",
            organizer=_OWNERS[VACATIONS_CALENDAR],
            calendar=VACATIONS_CALENDAR,
            start=start,
            end=start + timedelta(days=vacation.days),
            guests=(Guest(vacation.name),),
            status=vacation.status,
        )


def plan_occasions(desk: Desk, video: str) -> Iterator[Meeting]:
    """Meetings that take place once, some of them uncertain or called off, spread over all weeks."""
    numbers = count(101)
    for week in desk.period.weeks():
        for occasion in desk.random.sample(OCCASIONS, OCCASIONS_A_WEEK):
            meeting = _occasion(desk, occasion, week)
            if meeting is None:
                continue
            if occasion.location is not None:
                desk.take(meeting.people, quarters(desk.instances(meeting.series())))
                yield meeting
            else:
                yield settled(desk, meeting, f"{video}/{next(numbers)}", in_room=occasion.in_room)


def _occasion(desk: Desk, occasion: Occasion, week: date) -> Meeting | None:
    """The meeting at a time of the week at which those drawn for it work and are free; None if luck has it not."""
    pool = desk.members(occasion.departments)
    hosts = desk.members(occasion.departments[:1])
    for _ in range(ATTEMPTS):
        host = desk.random.choice(hosts)
        guests = desk.random.sample([name for name in pool if name != host], min(occasion.guests, len(pool) - 1))
        start = _moment(desk, week)
        meeting = Meeting(
            title=occasion.title,
            organizer=host,
            start=start,
            end=start + timedelta(minutes=occasion.minutes),
            zone=desk.employees[host].zone,
            guests=desk.answers(guests, start.date()),
            location=occasion.location,
            status=_status(desk, start.date()),
        )
        if _suits(desk, meeting):
            return meeting
    return None


def plan_private(desk: Desk) -> Iterator[Meeting]:
    """Appointments in people's own, private calendars."""
    names = list(desk.employees)
    for week in desk.period.weeks():
        for name in desk.random.sample(names, PRIVATE_A_WEEK):
            choices = PRIVATE_OCCASIONS if _speaks_russian(name) else PRIVATE_OCCASIONS_ABROAD
            title, minutes = desk.random.choice(choices)
            start = _moment(desk, week)
            meeting = Meeting(
                title=title,
                organizer=name,
                start=start,
                end=start + timedelta(minutes=minutes),
                zone=desk.employees[name].zone,
            )
            if _suits(desk, meeting):
                desk.take([name], quarters(desk.instances(meeting.series())))
                yield meeting


def plan_open_day(desk: Desk) -> Iterator[Meeting]:
    """A meeting in the hall, some weeks ahead, whose host has asked for it and waits for an answer."""
    pool = [name for name in desk.members(OPEN_DAY.departments) if name != OPEN_DAY_HOST]
    guests = desk.random.sample(pool, OPEN_DAY.guests)
    for days, start in product(range(OPEN_DAY_EARLIEST, OPEN_DAY_LATEST), TIMES):
        moment = datetime.combine(desk.today + timedelta(days=days), start)
        if moment.weekday() >= WORKING_DAYS:
            continue
        meeting = Meeting(
            title=OPEN_DAY.title,
            organizer=OPEN_DAY_HOST,
            start=moment,
            end=moment + timedelta(minutes=OPEN_DAY.minutes),
            zone=MOSCOW,
            guests=desk.answers(guests, moment.date()),
            room=HALL,
            asks_for_room=True,
        )
        when = quarters(desk.instances(meeting.series()))
        if _suits(desk, meeting) and desk.are_free([HALL], when):
            desk.take([*meeting.people, HALL], when)
            yield meeting
            return


def _moment(desk: Desk, week: date) -> datetime:
    return datetime.combine(week + desk.random.randrange(WORKING_DAYS) * DAY, desk.random.choice(TIMES))


def _suits(desk: Desk, meeting: Meeting) -> bool:
    """Whether everybody is at work, awake and free."""
    day = meeting.start if not isinstance(meeting.start, datetime) else meeting.start.date()
    if day in days_off(meeting.zone or MOSCOW, day, day + DAY):
        return False
    if any(day in desk.away(name) for name in meeting.people):
        return False
    instances = desk.instances(meeting.series())
    return desk.are_awake(meeting.people, instances) and desk.are_free(meeting.people, quarters(instances))


def _status(desk: Desk, day: date) -> EventStatus:
    drawn = desk.random.randrange(20)
    if drawn < CANCELLED_OF_20:
        return EventStatus.CANCELLED
    if drawn < CANCELLED_OF_20 + TENTATIVE_OF_20 and day > desk.today:
        return EventStatus.TENTATIVE
    return EventStatus.CONFIRMED


def _speaks_russian(name: str) -> bool:
    return not name.isascii() and "а" <= name[-1].lower() <= "я"


def _word_for_vacation(desk: Desk, name: str) -> str:
    return "Отпуск" if _speaks_russian(name) else "Vacation"
