"""Rules of a profile's fields: the phone's form, the department's name, and who may be a manager."""

import re
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import select, true
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.department import Department
from app.models.organization import Organization
from app.models.user import User

# Numbers inside the house, such as 1234: no numbering plan knows them.
_INTERNAL = re.compile(r"[0-9]{2,6}")
_PHONE_MAX_LENGTH = 40
_REGIONS_OF_LOCALES = {"ru": "RU"}


def phone_region(session: Session, organization_id: UUID | None) -> str:
    """The country in which a company's national numbers are read: where it keeps holidays, else where it speaks."""
    organization = session.get(Organization, organization_id) if organization_id else None
    country = organization and (organization.holiday_country or _REGIONS_OF_LOCALES.get(organization.locale))
    return country or get_settings().DEFAULT_PHONE_REGION


def normal_phone(text: str, region: str) -> str:
    """The phone as it is stored: E.164 with `;ext=` where there is an extension, or the digits of an internal number.

    Raises:
        Invalid: no phone has such a number.
    """
    digits = text.translate({ord(" "): None, ord("-"): None})
    if _INTERNAL.fullmatch(digits):
        return digits
    number: str | None = _phones().to_e164(text, region)
    if number is None or len(number) > _PHONE_MAX_LENGTH:
        raise Invalid("phone_invalid", field="phone", phone=text)
    return number


def department_name(session: Session, organization_id: UUID | None, department_id: UUID) -> str:
    """The name of a department, which nobody renames or deletes until the commit. Ask before a user is locked.

    Raises:
        Invalid: the company has no such department.
    """
    query = (
        select(col(Department.name))
        .where(col(Department.id) == department_id, col(Department.organization_id) == organization_id)
        .with_for_update(read=True)
    )
    name: str | None = session.execute(query).scalar_one_or_none()
    if name is None:
        raise Invalid("department_not_found", field="department_id")
    return name


def mirror_department(values: dict[str, Any], user: User | None, name: str | None) -> None:
    """Let the text `department` in `values` follow `department_id`: it is the department's name wherever there is one.

    Args:
        user: as stored; None for a new one.
        name: of the department that `values` names, if it names one.
    """
    if name is not None:
        values["department"] = name
    elif user is None or user.department_id is None:
        return
    elif values.get("department_id", user.department_id) is None:
        values.setdefault("department", None)
    else:
        values.pop("department", None)


def check_manager(session: Session, user: User) -> None:
    """The manager must be another person of the same company; the keys would refuse it less clearly.

    Raises:
        Invalid: it is not.
    """
    if user.manager_id is None:
        return
    known = select(true()).where(col(User.id) == user.manager_id, col(User.organization_id) == user.organization_id)
    if user.manager_id == user.id or session.execute(known).first() is None:
        raise Invalid("user_not_found", field="manager_id")


@lru_cache(maxsize=1)
def _phones() -> ModuleType:
    # The numbering plans take a sixth of a second to load; most requests have no phone in them.
    return import_module("app.core.phones")
