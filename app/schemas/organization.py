"""Companies and their settings."""

import re
from datetime import time
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from app.models.organization import WORKING_DAYS
from app.models.working_time import AbsenceKind
from app.schemas.common import Email, Input, Instant, Line, Output, ZoneName, example, partial_of

HOUR_AND_MINUTE = "^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


class OrganizationSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


def _hour_and_minute(value: Any) -> time:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not re.fullmatch(HOUR_AND_MINUTE, value):
        raise PydanticCustomError("time_of_day", "A time of day is HH:MM, such as 09:00")
    return time.fromisoformat(value)


TimeOfDay = Annotated[
    time,
    BeforeValidator(_hour_and_minute),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": HOUR_AND_MINUTE, "examples": ["09:00"]}),
]


def _in_order(days: list[int]) -> list[int]:
    return sorted(set(days))


Weekday = Annotated[int, Field(strict=True, ge=1, le=7)]
WorkingDays = Annotated[
    list[Weekday],
    Field(min_length=1, max_length=7, description="ISO 8601 weekdays, 1 for Monday"),
    AfterValidator(_in_order),
]


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    """The ISO 3166-1 alpha-2 codes, as the time zone data list them."""
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    return frozenset(line[:2] for line in table.splitlines() if line and not line.startswith("#"))


def _known_country(value: str) -> str:
    if value not in _countries():
        raise PydanticCustomError("unknown_country", "This is not a country code of ISO 3166-1, such as RU or DE")
    return value


Country = Annotated[str, StringConstraints(min_length=2, max_length=2, to_upper=True), AfterValidator(_known_country)]


def _normal_domain(value: str) -> str:
    """The domain as it stands in a normal e-mail address, so that one can be compared with the other."""
    try:
        return _EMAIL.validate_python(f"x@{value.removeprefix('@')}").rpartition("@")[2]
    except ValidationError as error:
        raise PydanticCustomError("email_domain", "This is not a domain of e-mail addresses") from error


EmailDomain = Annotated[str, StringConstraints(min_length=1, max_length=253), AfterValidator(_normal_domain)]


def _without_repeats(items: list[str]) -> list[str]:
    return sorted(set(items))


EmailDomains = Annotated[list[EmailDomain], Field(max_length=1000), AfterValidator(_without_repeats)]


class OrganizationWrite(Input):
    model_config = example(
        name="ООО «Ромашка»",
        time_zone="Europe/Moscow",
        locale="ru",
        working_days=[1, 2, 3, 4, 5],
        workday_start="09:00",
        workday_end="18:00",
        holiday_country="RU",
        email_domains=["romashka.example"],
    )

    name: Line
    time_zone: ZoneName
    locale: Literal["ru", "en"] = Field("ru", description="The language of the company's mails")
    working_days: WorkingDays = Field(default_factory=lambda: list(WORKING_DAYS))
    workday_start: TimeOfDay = Field(time(9), description="Wall time in the company's zone")
    workday_end: TimeOfDay = Field(time(18), description="Wall time in the company's zone")
    holiday_country: Country | None = Field(None, description="ISO 3166-1 alpha-2: whose public holidays are kept")
    midday: TimeOfDay = Field(time(13), description="When half a day of absence ends, and the other half begins")
    absences_to_approve: Annotated[list[AbsenceKind], Field(max_length=4), AfterValidator(_without_repeats)] = Field(
        default_factory=list, description="Kinds of absence that a manager approves"
    )
    email_domains: EmailDomains = Field(
        default_factory=list, description="Who registers with an e-mail of these domains joins the company"
    )


OrganizationPatch = partial_of(OrganizationWrite, "OrganizationPatch")


class FirstAdmin(Input):
    email: Email
    full_name: Line | None = None


class OrganizationCreate(OrganizationWrite):
    model_config = example(
        name="ООО «Ромашка»",
        time_zone="Europe/Moscow",
        admin={"email": "anna@romashka.example", "full_name": "Анна Иванова"},
    )

    admin: FirstAdmin | None = Field(None, description="Gets an invitation by mail, as the company's administrator")


class OrganizationRead(Output):
    id: UUID
    name: str
    time_zone: str
    locale: str
    working_days: list[int]
    workday_start: TimeOfDay
    workday_end: TimeOfDay
    holiday_country: str | None
    midday: TimeOfDay
    absences_to_approve: list[AbsenceKind]
    email_domains: list[str]
    created_at: Instant
    updated_at: Instant
    version: int
