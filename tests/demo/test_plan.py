"""The plan of the demo company, without a database, as of several days of the year."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from app.calendaring.zones import get_zone
from app.core.config import Settings
from app.demo.days import Period, days_off, first_day, monday_of, nearest_clock_change
from app.demo.desk import ROOMS_PLANNED_AHEAD, Desk, quarters
from app.demo.model import Meeting, Plan
from app.demo.people import email_of, plan_employees
from app.demo.places import HALL
from app.demo.plan import plan_company
from app.models.event import EventStatus
from app.models.user import Role

TODAYS = [
    date(2027, 1, 3),
    date(2027, 1, 20),
    date(2028, 2, 29),
    date(2027, 3, 27),
    date(2027, 3, 28),
    date(2026, 7, 15),
    date(2026, 10, 25),
    date(2026, 12, 31),
]
BERLIN_WEEKLY = "Quiet Harbour Europe: weekly"


@pytest.fixture(scope="module", params=TODAYS, ids=str)
def today(request: pytest.FixtureRequest) -> date:
    day: date = request.param
    return day


@pytest.fixture(scope="module")
def plan(today: date) -> Plan:
    return plan_company(today)


def named(plan: Plan, title: str) -> Meeting:
    return next(meeting for meeting in plan.meetings if meeting.title == title)


def in_period(plan: Plan, today: date, meeting: Meeting) -> list[datetime]:
    desk = Desk(today, plan.employees, plan.rooms)
    starts = [instance.start for instance in desk.instances(meeting.series(), desk.period.end)]
    return [start for start in starts if isinstance(start, datetime)]


def test_is_the_same_for_the_same_day(plan: Plan, today: date) -> None:
    assert plan_company(today) == plan


def test_has_meetings_of_every_kind(plan: Plan, today: date) -> None:
    statuses = Counter(meeting.status for meeting in plan.meetings)
    rules = {meeting.rule for meeting in plan.meetings if meeting.rule}
    assert len(plan.meetings) > 180
    assert min(statuses[status] for status in EventStatus) >= 2
    assert statuses[EventStatus.CONFIRMED] > 0.8 * len(plan.meetings)
    assert any("INTERVAL=2" in rule for rule in rules)
    assert any("BYDAY=1TH" in rule for rule in rules)
    assert any("BYSETPOS=-1" in rule for rule in rules)
    assert sum(len(meeting.exdates) for meeting in plan.meetings) > 10
    vacations = [meeting for meeting in plan.meetings if meeting.is_all_day and meeting.rule is None]
    assert all(meeting.end - meeting.start >= timedelta(days=5) for meeting in vacations)
    assert len(vacations) >= 10


def test_reaches_from_a_month_back_to_two_months_ahead(plan: Plan, today: date) -> None:
    single = [meeting.start.date() for meeting in plan.meetings if isinstance(meeting.start, datetime)]
    assert min(single) <= today - timedelta(days=25)
    assert max(single) >= today + timedelta(days=55)


def test_books_no_room_twice(plan: Plan, today: date) -> None:
    desk = Desk(today, plan.employees, plan.rooms)
    taken: dict[str, set[int]] = {}
    for meeting in plan.meetings:
        if meeting.room is not None and meeting.status != EventStatus.CANCELLED:
            when = quarters(desk.instances(meeting.series()))
            assert when.isdisjoint(taken.setdefault(meeting.room, set())), meeting
            taken[meeting.room] |= when


def test_somebody_asks_for_the_hall(plan: Plan, today: date) -> None:
    (asked,) = [meeting for meeting in plan.meetings if meeting.asks_for_room]
    assert asked.room == HALL
    assert isinstance(asked.start, datetime)
    assert asked.start.date() > today + timedelta(days=14)
    (rules,) = [rules for rules in plan.rules if rules.needs_approval]
    assert rules.place == HALL
    assert asked.organizer not in (*rules.exempt, *rules.approvers)


def test_rooms_lie_in_two_buildings_and_not_everything_works(plan: Plan) -> None:
    assert {room.office for room in plan.rooms} == {building.name for building in plan.buildings}
    assert len({building.zone for building in plan.buildings}) == 2
    assert any(item.out_of_order for room in plan.rooms for item in room.equipment)


def test_puts_nobody_in_two_places_in_most_weeks(plan: Plan, today: date) -> None:
    """Clocks change in Berlin and not in Moscow, so two series may meet; everything else was planned around."""
    desk = Desk(today, plan.employees, plan.rooms)
    taken: dict[str, set[int]] = {}
    double = 0
    for meeting in plan.meetings:
        if not meeting.is_all_day and meeting.status != EventStatus.CANCELLED:
            when = quarters(desk.instances(meeting.series(), desk.period.end))
            for name in meeting.people:
                double += not when.isdisjoint(taken.setdefault(name, set()))
                taken[name] |= when
    assert double <= 3


def test_rooms_have_a_seat_for_everybody(plan: Plan, today: date) -> None:
    capacity = {room.name: room.capacity for room in plan.rooms}
    assert len({meeting.room for meeting in plan.meetings if meeting.room}) == len(plan.rooms)
    for meeting in plan.meetings:
        assert meeting.room is None or len(meeting.people) <= capacity[meeting.room]


def test_meetings_are_at_hours_at_which_people_work(plan: Plan, today: date) -> None:
    desk = Desk(today, plan.employees, plan.rooms)
    for meeting in plan.meetings:
        if not meeting.is_all_day:
            assert desk.are_awake(meeting.people, desk.instances(meeting.series())), meeting


def test_a_series_in_berlin_crosses_the_clock_change_at_the_same_wall_time(plan: Plan, today: date) -> None:
    change = nearest_clock_change("Europe/Berlin", today)
    assert change is not None
    berlin = get_zone("Europe/Berlin")
    starts = [start.astimezone(berlin) for start in _all_starts(named(plan, BERLIN_WEEKLY))]
    before = {start.utcoffset() for start in starts if start.date() < change}
    after = {start.utcoffset() for start in starts if start.date() >= change}
    assert len(before) == len(after) == 1
    assert before != after
    assert {start.time().isoformat() for start in starts} == {"11:00:00"}


def _all_starts(meeting: Meeting) -> list[datetime]:
    end = datetime.max.replace(year=2100, tzinfo=get_zone("UTC"))
    return [item.start for item in meeting.series().occurrences(end) if isinstance(item.start, datetime)]


def test_nobody_meets_on_holidays_or_with_people_on_vacation(plan: Plan, today: date) -> None:
    desk = Desk(today, plan.employees, plan.rooms)
    for meeting in plan.meetings:
        if isinstance(meeting.start, datetime) and meeting.zone:
            days = {
                start.astimezone(get_zone(meeting.zone)).date() for start in in_period(plan, today, meeting)
            } & _days_of(desk.period)
            assert not days & days_off(meeting.zone, desk.period.first, desk.period.end), meeting
            assert not days & desk.away(meeting.organizer), meeting


def _days_of(period: Period) -> set[date]:
    return {period.first + timedelta(days=number) for number in range((period.end - period.first).days)}


def test_most_people_have_something_this_week(plan: Plan, today: date) -> None:
    monday = monday_of(today)
    busy = {
        name
        for meeting in plan.meetings
        if not meeting.is_all_day
        for start in in_period(plan, today, meeting)
        if monday <= start.date() < monday + timedelta(weeks=1)
        for name in meeting.people
    }
    # The first week of January is free in Russia; the others work.
    assert len(busy) >= (8 if today == date(2027, 1, 3) else 36)


def test_titles_are_in_both_languages(plan: Plan, today: date) -> None:
    titles = [meeting.title for meeting in plan.meetings]
    assert sum(_is_cyrillic(title) for title in titles) > 50
    assert sum(title.isascii() for title in titles) > 20


def _is_cyrillic(text: str) -> bool:
    return any("а" <= letter <= "я" for letter in text.lower())


def test_people() -> None:
    employees = plan_employees("demo.example")
    assert len(employees) == len({employee.email for employee in employees}) == 40
    assert all(employee.email.isascii() and employee.email.endswith("@demo.example") for employee in employees)
    assert Counter(employee.role for employee in employees) == {Role.EMPLOYEE: 37, Role.IT: 2, Role.ADMIN: 1}
    assert 25 <= sum(_is_cyrillic(employee.name) for employee in employees) <= 35
    zones = {employee.zone for employee in employees}
    assert {"Europe/Moscow", "Europe/Berlin", "Asia/Yekaterinburg", "Asia/Almaty"} <= zones
    names = [employee.name for employee in employees]
    # Managers come first, so there is no cycle, and one person has none.
    assert [employee.manager for employee in employees].count(None) == 1
    for number, employee in enumerate(employees):
        assert employee.manager is None or employee.manager in names[:number]


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Юлия Жукова", "yuliya.zhukova@d.example"),
        ("Ольга Щербакова", "olga.shcherbakova@d.example"),
        ("Jürgen Weiß", "juergen.weiss@d.example"),
        ("Tomáš Dvořák", "tomas.dvorak@d.example"),
        ("Мария Ёлкина", "mariya.elkina@d.example"),
    ],
)
def test_addresses_are_transliterated(name: str, email: str) -> None:
    assert email_of(name, "d.example") == email


def test_the_nearest_clock_change_may_lie_behind_or_ahead() -> None:
    assert nearest_clock_change("Europe/Berlin", date(2026, 11, 1)) == date(2026, 10, 25)
    assert nearest_clock_change("Europe/Berlin", date(2026, 10, 1)) == date(2026, 10, 25)
    assert nearest_clock_change("Europe/Moscow", date(2026, 10, 1)) is None


def test_the_first_day_fits_the_rule() -> None:
    assert first_day("FREQ=MONTHLY;BYDAY=1TH", date(2026, 11, 6)) == date(2026, 12, 3)


def test_rooms_are_planned_as_far_as_they_are_booked() -> None:
    assert timedelta(days=Settings.model_fields["OCCURRENCE_HORIZON_DAYS"].default) < ROOMS_PLANNED_AHEAD
