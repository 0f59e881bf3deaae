"""The words of charts, in English and Russian."""

from datetime import date
from typing import Any

from app.core.messages import Language

WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "ru": ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс"),
}
MONTHS: dict[Language, tuple[str, ...]] = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "ru": ("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"),
}
_WORDS: dict[str, tuple[str, str]] = {
    "overview": ("Meetings and rooms", "Встречи и переговорные"),
    "by_person": ("Hours in meetings by person", "Часы во встречах по людям"),
    "by_department": ("Hours of meetings by department", "Часы встреч по отделам"),
    "by_day": ("Hours of meetings by day", "Часы встреч по дням"),
    "by_week": ("Hours of meetings by week", "Часы встреч по неделям"),
    "by_month": ("Hours of meetings by month", "Часы встреч по месяцам"),
    "by_room": ("Rooms: share of working hours booked", "Переговорные: занятая доля рабочих часов"),
    "by_hour": ("Busiest hours", "Самые занятые часы"),
    "person": ("Person", "Сотрудник"),
    "department": ("Department", "Отдел"),
    "day": ("Day", "День"),
    "week": ("Week, from its Monday", "Неделя, с понедельника"),
    "month": ("Month", "Месяц"),
    "room": ("Room", "Переговорная"),
    "hours": ("Hours", "Часы"),
    "share": ("Share of working hours, %", "Доля рабочих часов, %"),
    "hour_of_day": ("Hour of the day", "Час дня"),
    "weekday": ("Weekday", "День недели"),
    "h": ("h", "ч"),
    "nothing": ("There is nothing to show for this period.", "За этот период показать нечего."),
    "no_department": ("Without a department", "Без отдела"),
    "company": ("the company", "компания"),
    "departments": ("departments with all below", "отделы со всеми подчинёнными"),
    "one_person": ("one person", "один сотрудник"),
    "period": ("{start} to {end}, {zone}; {scope}", "{start} — {end}, {zone}; {scope}"),
    "shown": ("The first {shown} of {total}; all of them: format=csv", "Первые {shown} из {total}; все: format=csv"),
    "bar": ("{hours} h, meetings: {meetings}", "{hours} ч, встреч: {meetings}"),
    "room_bar": ("{share} %: {booked} of {working} h", "{share} %: {booked} из {working} ч"),
    "room_bar_without_hours": ("{booked} h booked, no working hours", "занято {booked} ч, рабочих часов нет"),
    "totals": (
        "Meetings: {meetings} (all day: {all_day}); {hours} h, {person_hours} person-hours; people: {people}",
        "Встреч: {meetings} (на весь день: {all_day}); {hours} ч, {person_hours} человеко-часов; людей: {people}",
    ),
    "room_totals": (
        "Rooms: {rooms}, bookings: {bookings}, {booked} h; of working hours {share} %",
        "Переговорных: {rooms}, бронирований: {bookings}, {booked} ч; рабочих часов занято {share} %",
    ),
    "busiest": ("Busiest: {weekday} {hour}:00, {hours} h", "Больше всего встреч: {weekday} {hour}:00, {hours} ч"),
}


def words(name: str, language: Language, **values: Any) -> str:
    """A text of the charts with its values filled in."""
    return _WORDS[name][1 if language == "ru" else 0].format_map(values)


def date_text(day: date, language: Language) -> str:
    """A whole date: 5 Mar 2027, 5 мар 2027."""
    return f"{day.day} {MONTHS[language][day.month - 1]} {day.year}"


def period_text(first: date, by: str, language: Language) -> str:
    """What stands under a column: the day and the month, or of a month its name and year."""
    month = MONTHS[language][first.month - 1]
    return f"{month} {first.year}" if by == "month" else f"{first.day} {month}"
