"""Dates and times as people read them, in English and Russian."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

_MONTHS = {
    "ru": (
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}


@dataclass(frozen=True, slots=True)
class SpokenTime:
    """An instant that is to be told to somebody; of an all-day event its date, stored at 00:00 UTC."""

    at: datetime
    is_all_day: bool = False

    def told(self, zone: str, language: str) -> str:
        return day(self.at, language) if self.is_all_day else moment(self.at, zone, language)


def moment(at: datetime, zone: str, language: str) -> str:
    """An instant as people read it in an IANA zone: 27 March 2027, 14:00 (Europe/Berlin)."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local, language)}, {local:%H:%M} ({zone})"


def day(at: datetime, language: str) -> str:
    """The date, as it is written: 27 March 2027."""
    year = f"{at.year} г." if language == "ru" else str(at.year)
    return f"{at.day} {_MONTHS[language][at.month - 1]} {year}"


_WEEKDAYS = {
    "ru": ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def weekday_and_day(on: date, language: str) -> str:
    """A date with its weekday, for lists of days near: Monday, 22 March."""
    return f"{_WEEKDAYS[language][on.weekday()]}, {on.day} {_MONTHS[language][on.month - 1]}"
