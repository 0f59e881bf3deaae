"""Upcoming birthdays: days of the year, without years."""

from calendar import isleap
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, and_, case, cast, literal_column, or_
from sqlmodel import Session, col

from app.calendaring.zones import get_zone
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.user import User
from app.schemas.user import BirthdayRead, small_avatar
from app.services import user_service
from app.services.rows import PageRequest, SortColumn, fetch_page

# Month × 100 + day, as the index ix_users_birthday has it.
_DAY_OF_YEAR = literal_column("(extract(month FROM users.birthday) * 100 + extract(day FROM users.birthday))", Integer)
_FEBRUARY_29, _MARCH_1 = 229, 301
_NEXT_YEAR = 1300


class BirthdaySort(StrEnum):
    NEXT = "next"


def list_birthdays(
    session: Session, actor: Actor, days: int, page: PageRequest
) -> tuple[list[BirthdayRead], str | None]:
    """Active colleagues whose birthday lies in the next `days` days, today included, the next one first.

    Today is the company's. 29 February is 1 March in years that have none: nobody is congratulated before the day.

    Raises:
        Forbidden: the actor has no company.
        Invalid: `days` is more than BIRTHDAYS_MAX_DAYS.
    """
    company, limit = actor.company, get_settings().BIRTHDAYS_MAX_DAYS
    if days > limit:
        raise Invalid("too_many_days", field="days", limit=limit)
    today = datetime.now(get_zone(actor.organization_time_zone)).date()
    return _page_from(session, actor, company, today, days, page)


def _page_from(
    session: Session, actor: Actor, company: Any, today: date, days: int, page: PageRequest
) -> tuple[list[BirthdayRead], str | None]:
    first, last = _day_of_year(today), _day_of_year(today + timedelta(days=days - 1))
    # The window is shorter than a year, so it has at most one end of February.
    leap = isleap(today.year if first <= _MARCH_1 else today.year + 1)
    # Who was born on 29 February is found by that day, also where only 1 March lies in the window.
    lowest = _FEBRUARY_29 if first == _MARCH_1 else first
    day = _DAY_OF_YEAR
    found = and_(day >= lowest, day <= last)
    if first > last:
        found = or_(day >= lowest, day <= last)
    kept = case((day == _FEBRUARY_29, _FEBRUARY_29 if leap else _MARCH_1), else_=day)
    order = cast(kept + case((kept < first, _NEXT_YEAR), else_=0), Integer)
    end = last + (_NEXT_YEAR if first > last else 0)
    query = (
        user_service.visible_to(actor)
        .where(col(User.organization_id) == company, col(User.is_active), col(User.birthday).is_not(None))
        .where(found, order <= end)
    )
    users, cursor = fetch_page(session, query, {"next": SortColumn(order, int)}, BirthdaySort.NEXT, page)
    return [_shown(user, today) for user in users], cursor


def next_birthday(birthday: date, today: date) -> date:
    """The first birthday that is not before `today`."""
    this_year = _in_year(birthday, today.year)
    return this_year if this_year >= today else _in_year(birthday, today.year + 1)


def _in_year(birthday: date, year: int) -> date:
    if (birthday.month, birthday.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return birthday.replace(year=year)


def _day_of_year(day: date) -> int:
    return day.month * 100 + day.day


def _shown(user: User, today: date) -> BirthdayRead:
    assert user.birthday is not None
    return BirthdayRead(
        id=user.id,
        full_name=user.full_name,
        position=user.position,
        department=user.department,
        department_id=user.department_id,
        avatar_url=user.avatar_url,
        avatar_small_url=small_avatar(user.avatar_url),
        birthday_day=f"{user.birthday:%m-%d}",
        next_birthday=next_birthday(user.birthday, today),
    )
