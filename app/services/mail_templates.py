"""The texts of mails, from the templates in app/mail_templates. Only the workers import this."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core import spoken_times

FOLDER = Path(__file__).resolve().parents[1] / "mail_templates"
LANGUAGES = ("ru", "en")


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
    """An instant in ISO 8601 as people read it in an IANA zone."""
    return spoken_times.moment(datetime.fromisoformat(value), zone, language)


def _day(value: str, language: str) -> str:
    """The date of an all-day event, which is stored at 00:00 UTC, as people read it."""
    return spoken_times.day(datetime.fromisoformat(value), language)
