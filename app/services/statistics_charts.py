"""Reports as charts, in the reader's language."""

from collections.abc import Sequence
from datetime import timedelta

from app.calendaring.zones import get_zone, utc_to_wall
from app.core.charts import Bar, Frame, bar_chart, column_chart, heat_map, number
from app.core.messages import Language
from app.schemas.statistics import (
    BusiestReport,
    MeetingsBy,
    MeetingsItem,
    MeetingsReport,
    OverviewRead,
    ReportRead,
    RoomItem,
    RoomsReport,
    ScopeKind,
)
from app.services.statistics_texts import WEEKDAYS, date_text, period_text, words

# Of more, a chart would be longer than a page; CSV has them all.
BARS = 30


def chart_of(report: ReportRead, language: Language) -> str:
    """The chart of any report as an SVG document."""
    if isinstance(report, OverviewRead):
        return _overview(report, language)
    if isinstance(report, MeetingsReport):
        return _meetings(report, language)
    if isinstance(report, RoomsReport):
        return _rooms(report, language)
    assert isinstance(report, BusiestReport)
    return _busiest(report, language)


def _overview(report: OverviewRead, language: Language) -> str:
    totals = words(
        "totals",
        language,
        meetings=number(report.meetings, language),
        all_day=number(report.all_day_meetings, language),
        hours=number(report.hours, language),
        person_hours=number(report.person_hours, language),
        people=number(report.people, language),
    )
    rooms = words(
        "room_totals",
        language,
        rooms=number(report.rooms.rooms, language),
        bookings=number(report.rooms.bookings, language),
        booked=number(report.rooms.booked_hours, language),
        share=_percent(report.rooms.share, language),
    )
    lines = [_period(report, language), totals, rooms]
    if report.busiest is not None:
        weekday = WEEKDAYS[language][report.busiest.weekday - 1]
        hours = number(report.busiest.minutes / 60, language)
        lines.append(words("busiest", language, weekday=weekday, hour=report.busiest.hour, hours=hours))
    frame = Frame(
        title=words("overview", language),
        lines=tuple(lines),
        x_axis=words(report.by, language),
        y_axis=words("hours", language),
        language=language,
        nothing=words("nothing", language),
    )
    return column_chart(frame, _columns(report.periods, report.by, language))


def _meetings(report: MeetingsReport, language: Language) -> str:
    is_period = report.by not in (MeetingsBy.PERSON, MeetingsBy.DEPARTMENT)
    frame = Frame(
        title=words(f"by_{report.by}", language),
        lines=(_period(report, language),),
        x_axis=words(report.by if is_period else "hours", language),
        y_axis=words("hours" if is_period else report.by, language),
        language=language,
        note="" if is_period else _shown(len(report.items), report.total, language),
        nothing=words("nothing", language),
    )
    if is_period:
        return column_chart(frame, _columns(report.items, report.by, language))
    without = words("no_department", language)
    return bar_chart(
        frame,
        [
            Bar(
                item.name or without,
                item.hours,
                words("bar", language, hours=number(item.hours, language), meetings=number(item.meetings, language)),
            )
            for item in report.items[:BARS]
        ],
    )


def _rooms(report: RoomsReport, language: Language) -> str:
    frame = Frame(
        title=words("by_room", language),
        lines=(_period(report, language),),
        x_axis=words("share", language),
        y_axis=words("room", language),
        language=language,
        note=_shown(len(report.items), report.total, language),
        nothing=words("nothing", language),
    )
    bars = [Bar(item.name, (item.share or 0) * 100, _room_text(item, language)) for item in report.items[:BARS]]
    return bar_chart(frame, bars, maximum=100)


def _room_text(item: RoomItem, language: Language) -> str:
    if item.share is None:
        return words("room_bar_without_hours", language, booked=number(item.booked_hours, language))
    return words(
        "room_bar",
        language,
        share=_percent(item.share, language),
        booked=number(item.booked_working_hours, language),
        working=number(item.working_hours, language),
    )


def _busiest(report: BusiestReport, language: Language) -> str:
    hours = {(item.weekday, item.hour): item.minutes / 60 for item in report.items}
    frame = Frame(
        title=words("by_hour", language),
        lines=(_period(report, language),),
        x_axis=words("hour_of_day", language),
        y_axis=words("weekday", language),
        language=language,
        nothing=words("nothing", language),
    )
    values = [[hours[weekday, hour] for hour in range(24)] for weekday in range(1, 8)]
    return heat_map(frame, WEEKDAYS[language], [str(hour) for hour in range(24)], values, words("h", language))


def _columns(items: Sequence[MeetingsItem], by: str, language: Language) -> list[Bar]:
    return [
        Bar(period_text(item.first_date, by, language), item.hours, number(item.hours, language))
        for item in items
        if item.first_date is not None
    ]


def _period(report: ReportRead, language: Language) -> str:
    """The dates of the window, the last one included, as people say it."""
    zone = get_zone(report.time_zone)
    first = utc_to_wall(report.start, zone).date()
    last = utc_to_wall(report.end - timedelta(microseconds=1), zone).date()
    scope = words("one_person" if report.scope is ScopeKind.PERSON else report.scope, language)
    return words(
        "period",
        language,
        start=date_text(first, language),
        end=date_text(last, language),
        zone=report.time_zone,
        scope=scope,
    )


def _shown(listed: int, total: int, language: Language) -> str:
    shown = min(listed, BARS)
    return words("shown", language, shown=shown, total=number(total, language)) if shown < total else ""


def _percent(share: float | None, language: Language) -> str:
    return number((share or 0) * 100, language)
