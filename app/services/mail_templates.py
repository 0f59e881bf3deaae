"""The texts of mails, from the templates in app/mail_templates. Only the workers import this."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

FOLDER = Path(__file__).resolve().parents[1] / "mail_templates"
LANGUAGES = ("ru", "en")
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
class MailTexts:
    subject: str
    text: str
    html: str


def render(template: str, language: str, values: Mapping[str, Any]) -> MailTexts:
    """The texts of a mail in ru or en, any other language being read in English.

    The subject is the first line of the plain text.

    Raises:
        jinja2.TemplateError: there is no such template, or a value that it needs is missing.
    """
    language = language if language in LANGUAGES else "en"
    context = {**values, "language": language}
    plain = _environment().get_template(f"{template}.{language}.txt").render(context)
    subject, _, text = plain.partition("\n")
    html = _environment().get_template(f"{template}.{language}.html").render(context, subject=subject)
    return MailTexts(subject.strip(), text.strip() + "\n", html)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    environment.filters["day"] = _day
    return environment


def _moment(value: str, zone: str, language: str) -> str:
    """An instant (ISO 8601) as people read it in an IANA zone: 27 March 2027, 14:00 (Europe/Berlin)."""
    local = datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
    return f"{_date(local, language)}, {local:%H:%M} ({zone})"


def _day(value: str, language: str) -> str:
    """The date of an all-day event, which is stored at 00:00 UTC, as people read it: 27 March 2027."""
    return _date(datetime.fromisoformat(value), language)


def _date(moment: datetime, language: str) -> str:
    year = f"{moment.year} г." if language == "ru" else str(moment.year)
    return f"{moment.day} {_MONTHS[language][moment.month - 1]} {year}"
