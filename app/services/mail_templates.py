"""The texts of mails, from the templates in app/mail_templates. Only the workers import this."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core import spoken_times
from app.core.spoken_times import SpokenTime
from app.services.spoken_rules import spoken_rule

FOLDER = Path(__file__).resolve().parents[1] / "mail_templates"
LANGUAGES = ("ru", "en")
# What a mail about an event may say besides.
OPTIONAL = (
    *("room", "organizer", "rule", "reply_url", "response", "comment", "proposed_start", "rest_from"),
    *("old_title", "old_start", "old_all_day", "old_location", "old_room"),
)


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
    subject, _, text = plain.lstrip().partition("\n")
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
    environment.globals.update(dict.fromkeys(OPTIONAL))
    environment.filters["moment"] = _moment
    environment.filters["when"] = _when
    environment.filters["repeats"] = spoken_rule
    return environment


def _moment(value: str, zone: str, language: str) -> str:
    """An instant in ISO 8601 as people read it in an IANA zone."""
    return spoken_times.moment(datetime.fromisoformat(value), zone, language)


def _when(value: str, all_day: str | None, zone: str, language: str) -> str:
    """The same; of an all-day event its date, which is stored at 00:00 UTC."""
    return SpokenTime(datetime.fromisoformat(value), bool(all_day)).told(zone, language)
