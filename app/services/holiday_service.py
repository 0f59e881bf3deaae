"""Holidays: of a country, with moved days and the Saturdays worked for them, and what a company keeps itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib import import_module
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid, NotFound
from app.models.organization import Organization
from app.models.working_time import CompanyDay
from app.schemas.working_time import CompanyDayWrite, HolidayRead
from app.services import ticket_recount
from app.services.rows import flush
from app.services.turns import take_turn

WINDOW_MAX_DAYS = 400
_LANGUAGES = {"ru": "ru", "en": "en_US"}


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days by date, with their names: off, and worked although their weekday is not."""

    off: dict[date, str]
    worked: dict[date, str]


def holidays_of(
    session: Session, organization: Organization, first: date, last: date, country: str | None = None
) -> Holidays:
    """What a company keeps from `first` to `last`, both included, in a country or its own one."""
    keeps = country or organization.holiday_country
    off: dict[date, str] = {}
    worked: dict[date, str] = {}
    for year in range(first.year, last.year + 1) if keeps else ():
        days_off, days_worked = _of_country(keeps, year, organization.locale)
        off |= {day: name for day, name in days_off.items() if first <= day <= last}
        worked |= {day: name for day, name in days_worked.items() if first <= day <= last}
    for row in _own(session, organization.id, first, last):
        (worked if row.is_working else off)[row.day] = row.name
        (off if row.is_working else worked).pop(row.day, None)
    return Holidays(off, worked)


def list_holidays(session: Session, actor: Actor, first: date, last: date) -> list[HolidayRead]:
    """The days within [first, last) that are not as their weekday is, in order.

    Raises:
        Invalid: there are none, or more than WINDOW_MAX_DAYS.
    """
    if last <= first:
        raise Invalid("window_needs_order", field="from")
    if (last - first).days > WINDOW_MAX_DAYS:
        raise Invalid("window_too_wide", field="to", days=WINDOW_MAX_DAYS)
    organization = session.get_one(Organization, actor.company)
    until = last - timedelta(days=1)
    own = {row.day for row in _own(session, actor.company, first, until)}
    found = holidays_of(session, organization, first, until)
    days = [*((day, False, name) for day, name in found.off.items())]
    days += [(day, True, name) for day, name in found.worked.items()]
    return [
        HolidayRead(day=day, is_working=works, name=name, source="company" if day in own else "country")
        for day, works, name in sorted(days)
    ]


def set_day(session: Session, actor: Actor, data: CompanyDayWrite) -> HolidayRead:
    """Keep a day otherwise than the country does.

    Raises:
        Forbidden: the actor is no administrator.
        Conflict: the company has COMPANY_DAYS_MAX.
    """
    actor.require_admin()
    _lock(session, actor.company)
    row = session.get(CompanyDay, (actor.company, data.day))
    if row is None:
        counted = select(func.count()).where(col(CompanyDay.organization_id) == actor.company)
        limit = get_settings().COMPANY_DAYS_MAX
        if session.execute(counted).scalar_one() >= limit:
            raise Conflict("too_many_company_days", limit=limit)
        row = CompanyDay(**data.model_dump(), organization_id=actor.company)
        session.add(row)
    row.is_working, row.name = data.is_working, data.name
    flush(session)
    ticket_recount.of_company(session, actor.company)
    return HolidayRead(**data.model_dump(), source="company")


def forget_day(session: Session, actor: Actor, day: date) -> None:
    """Keep a day as the country does.

    Raises:
        Forbidden: the actor is no administrator.
        NotFound: the company keeps it so already.
    """
    actor.require_admin()
    _lock(session, actor.company)
    row = session.get(CompanyDay, (actor.company, day))
    if row is None:
        raise NotFound("company_day_not_found")
    session.delete(row)
    flush(session)
    ticket_recount.of_company(session, actor.company)


def _own(session: Session, company: UUID, first: date, last: date) -> Iterable[CompanyDay]:
    query = select(CompanyDay).where(
        col(CompanyDay.organization_id) == company, col(CompanyDay.day) >= first, col(CompanyDay.day) <= last
    )
    return session.execute(query.order_by(col(CompanyDay.day))).scalars()


def _lock(session: Session, company: UUID) -> None:
    take_turn(session, "company_days", company)


@lru_cache(maxsize=512)
def _of_country(country: str, year: int, locale: str) -> tuple[dict[date, str], dict[date, str]]:
    """The days off and the weekend days that are worked, of a year; none of a country that nobody knows."""
    library: Any = _library()
    if country not in library.list_supported_countries():
        return {}, {}
    known = library.country_holidays(country, years=year, language=_LANGUAGES.get(locale))
    name = "Рабочий день" if locale == "ru" else "Working day"
    return dict(known.items()), {day: name for day in known.weekend_workdays if day.year == year}


@lru_cache(maxsize=1)
def _library() -> Any:
    # It is large, and most processes never ask.
    return import_module("holidays")
