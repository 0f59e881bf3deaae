"""Reports on meetings and rooms.

What counts: occurrences of confirmed and tentative events, private ones too, of which nothing but figures is told. A
person's meetings are those that they organize or take part in without having declined. Only what lies inside the
window counts; days, hours and working hours are those of the company's time zone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause
from sqlmodel import Session

from app.calendaring.periods import HourSlot, Period, Unit, first_of, hour_slots, next_of, periods, working_time
from app.calendaring.zones import get_zone, utc_to_wall
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.base import now
from app.models.organization import Organization
from app.schemas.statistics import (
    BusiestReport,
    BusyHour,
    MeetingsBy,
    MeetingsItem,
    MeetingsReport,
    OverviewRead,
    RoomFigures,
    RoomItem,
    RoomsReport,
    ScopeKind,
    StatisticsQuery,
)
from app.services import statistics_sql
from app.services.statistics_scope import Scope, scope_of
from app.services.windows import TAKING_PLACE, Window, check_window, horizon, resolve_moment

WEEKDAYS, HOURS = range(1, 8), range(24)
# The overview shows days, then weeks, then months, so that a chart has at most some sixty columns.
MOST_DAYS, MOST_WEEKS = timedelta(days=62), timedelta(days=400)
_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class Report:
    """What every report begins with: for whom, when, and whose meetings."""

    session: Session
    actor: Actor
    window: Window
    scope: Scope

    @property
    def zone(self) -> ZoneInfo:
        return get_zone(self.window.zone)

    @property
    def head(self) -> dict[str, Any]:
        """The fields of ReportRead."""
        return {
            "start": self.window.start,
            "end": self.window.end,
            "time_zone": self.window.zone,
            "scope": self.scope.kind,
        }

    def rows(self, forms: tuple[TextClause, TextClause], **values: Any) -> list[Any]:
        """The rows of a statement, in its form for this scope."""
        is_company = self.scope.kind is ScopeKind.COMPANY
        start, end = self.window.start_day, self.window.end_day
        common = {
            "organization_id": self.actor.company,
            "departments": list(self.scope.departments),
            "user_id": self.scope.user_id,
            "is_company": is_company,
            "statuses": [str(status) for status in self.window.statuses],
            "from": self.window.start,
            "until": self.window.end,
            "from_day": start,
            "until_day": end,
            "earliest": min(self.window.start, start),
            "latest": max(self.window.end, end),
            **values,
        }
        return list(self.session.execute(forms[0 if is_company else 1], common))


def begin(session: Session, actor: Actor, query: StatisticsQuery) -> Report:
    """The window and the scope of a report.

    Raises:
        Invalid: the window is empty, too wide, or reaches beyond the stored occurrences.
        NotFound, Forbidden: the department or the person is not the actor's to see.
    """
    zone = actor.organization_time_zone
    first = first_of(utc_to_wall(now(), get_zone(zone)).date(), Unit.MONTH)
    start = resolve_moment(query.start or first, zone, "from")
    end = resolve_moment(query.end or next_of(first, Unit.MONTH), zone, "to")
    check_window(start, end)
    if end > horizon():
        raise Invalid("statistics_beyond_horizon", field="to", days=get_settings().OCCURRENCE_HORIZON_DAYS)
    scope = scope_of(session, actor, department_id=query.department_id, user_id=query.user_id)
    return Report(session, actor, Window(start, end, zone, statuses=TAKING_PLACE), scope)


def overview(session: Session, actor: Actor, query: StatisticsQuery) -> OverviewRead:
    """The key figures of the window. Raises as `begin`."""
    report = begin(session, actor, query)
    width = report.window.end - report.window.start
    unit = Unit.DAY if width <= MOST_DAYS else Unit.WEEK if width <= MOST_WEEKS else Unit.MONTH
    cut, slots, working = _periods(report, unit), _hour_slots(report), _working_time(report)
    parts: dict[str, list[Any]] = {"totals": [], "period": [], "hour": [], "rooms": []}
    for row in report.rows(
        statistics_sql.OVERVIEW, **_period_bounds(report, cut), **_hour_bounds(slots), **_work_bounds(working), limit=1
    ):
        parts[row.part].append(row)
    totals = parts["totals"][0]
    busiest = max(_busy_hours(slots, parts["hour"]), key=lambda hour: hour.minutes)
    return OverviewRead(
        **report.head,
        **_figures(totals),
        people=totals.number,
        rooms=_room_figures(parts["rooms"], _sum(working)),
        busiest=busiest if busiest.minutes else None,
        by=unit,
        periods=_period_items(cut, parts["period"]),
    )


def meetings(session: Session, actor: Actor, query: StatisticsQuery, by: MeetingsBy, limit: int) -> MeetingsReport:
    """Meetings and hours by person, department or period; of people and departments the `limit` busiest.

    Raises as `begin`.
    """
    report = begin(session, actor, query)
    if by in (MeetingsBy.PERSON, MeetingsBy.DEPARTMENT):
        forms = statistics_sql.BY_PERSON if by is MeetingsBy.PERSON else statistics_sql.BY_DEPARTMENT
        rows = report.rows(forms, limit=limit)
        items = [MeetingsItem(id=row.id, name=row.name, first_date=None, **_figures(row)) for row in rows]
        return MeetingsReport(**report.head, by=by, total=rows[0].total if rows else 0, items=items)
    cut = _periods(report, Unit(by))
    items = _period_items(cut, report.rows(statistics_sql.BY_PERIOD, **_period_bounds(report, cut)))
    return MeetingsReport(**report.head, by=by, total=len(items), items=items)


def rooms(session: Session, actor: Actor, query: StatisticsQuery) -> RoomsReport:
    """How much of their working hours the rooms were booked. Raises as `begin`."""
    report = begin(session, actor, query)
    working = _working_time(report)
    limit = get_settings().STATISTICS_MAX_ROWS
    rows = report.rows(statistics_sql.BY_ROOM, **_work_bounds(working), limit=limit)
    hours = _hours(_sum(working))
    items = [
        RoomItem(
            id=row.id,
            name=row.name,
            capacity=row.capacity,
            bookings=row.bookings,
            booked_hours=_hours(row.length),
            booked_working_hours=_hours(row.working_length),
            working_hours=hours,
            share=_share(row.working_length, _sum(working)),
        )
        for row in rows
    ]
    return RoomsReport(**report.head, total=rows[0].total if rows else 0, working_hours=hours, items=items)


def busiest(session: Session, actor: Actor, query: StatisticsQuery) -> BusiestReport:
    """The minutes of meetings in each hour of the week. Raises as `begin`."""
    report = begin(session, actor, query)
    slots = _hour_slots(report)
    return BusiestReport(
        **report.head, items=_busy_hours(slots, report.rows(statistics_sql.BY_HOUR, **_hour_bounds(slots)))
    )


def _periods(report: Report, unit: Unit) -> list[Period]:
    return periods(report.window.start, report.window.end, report.zone, unit)


def _period_bounds(report: Report, cut: list[Period]) -> dict[str, Any]:
    """The periods as instants, and their first dates as all-day occurrences are stored: at 00:00 UTC."""
    days = [datetime(period.first.year, period.first.month, period.first.day, tzinfo=UTC) for period in cut]
    return {
        "period_starts": [period.start for period in cut],
        "period_ends": [period.end for period in cut],
        "first_days": [max(day, report.window.start_day) for day in days],
    }


def _period_items(cut: list[Period], rows: list[Any]) -> list[MeetingsItem]:
    by_place = {row.place: row for row in rows}
    return [
        MeetingsItem(id=None, name=None, first_date=period.first, **_figures(by_place.get(place)))
        for place, period in enumerate(cut, start=1)
    ]


def _hour_slots(report: Report) -> list[HourSlot]:
    return hour_slots(report.window.start, report.window.end, report.zone)


def _hour_bounds(slots: list[HourSlot]) -> dict[str, Any]:
    return {"hour_starts": [slot.start for slot in slots], "hour_ends": [slot.end for slot in slots]}


def _busy_hours(slots: list[HourSlot], rows: list[Any]) -> list[BusyHour]:
    lengths = {(weekday, hour): _NONE for weekday in WEEKDAYS for hour in HOURS}
    for row in rows:
        slot = slots[row.place - 1]
        lengths[slot.weekday, slot.hour] += row.length
    return [
        BusyHour(weekday=weekday, hour=hour, minutes=round(length.total_seconds() / 60, 2))
        for (weekday, hour), length in lengths.items()
    ]


def _working_time(report: Report) -> list[tuple[datetime, datetime]]:
    company = report.session.get_one(Organization, report.actor.company)
    return working_time(
        report.window.start,
        report.window.end,
        report.zone,
        frozenset(company.working_days),
        company.workday_start,
        company.workday_end,
    )


def _work_bounds(working: list[tuple[datetime, datetime]]) -> dict[str, Any]:
    return {"work_starts": [start for start, _ in working], "work_ends": [end for _, end in working]}


def _room_figures(rows: list[Any], working: timedelta) -> RoomFigures:
    """The sums over all rooms, which every row of the statement carries; `working` is that of one room."""
    count = rows[0].number if rows else 0
    booked_working = (rows and rows[0].person_length) or _NONE
    return RoomFigures(
        rooms=count,
        bookings=(rows and rows[0].meetings) or 0,
        booked_hours=_hours((rows and rows[0].length) or _NONE),
        booked_working_hours=_hours(booked_working),
        working_hours=_hours(working * count),
        share=_share(booked_working, working * count),
    )


def _figures(row: Any) -> dict[str, Any]:
    """The fields of MeetingFigures; all zero where there is no row."""
    return {
        "meetings": row.meetings if row else 0,
        "all_day_meetings": row.all_day_meetings if row else 0,
        "hours": _hours(row.length if row else _NONE),
        "person_hours": _hours(row.person_length if row else _NONE),
    }


def _sum(spans: list[tuple[datetime, datetime]]) -> timedelta:
    return sum((end - start for start, end in spans), _NONE)


def _hours(length: timedelta) -> float:
    return round(length.total_seconds() / 3600, 2)


def _share(part: timedelta, whole: timedelta) -> float | None:
    return round(part / whole, 4) if whole else None
