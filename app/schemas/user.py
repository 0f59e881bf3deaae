"""People."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from app.models.user import Role
from app.schemas.common import Date, Email, Input, Instant, Line, Output, Password, ZoneName, example, partial_of

Phone = Annotated[str, StringConstraints(min_length=3, max_length=40, pattern=r"^[0-9+() .\-#*,;extдоб]+$")]


class UserSort(StrEnum):
    NAME = "full_name"
    NAME_DESC = "-full_name"
    EMAIL = "email"
    EMAIL_DESC = "-email"
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class UserWrite(Input):
    """A whole user. Rights that are not sent (role, is_active, access_*) stay as they are."""

    model_config = example(
        email="oleg@example.com", full_name="Олег Петров", position="Инженер", time_zone="Asia/Yekaterinburg"
    )

    email: Email
    full_name: Line | None = None
    phone: Phone | None = None
    position: Line | None = None
    department: Line | None = None
    department_id: UUID | None = None
    manager_id: UUID | None = None
    birthday: Date | None = None
    time_zone: ZoneName | None = Field(None, description="IANA name; null means the company's zone")
    show_local_time: StrictBool = True
    show_moscow_time: StrictBool = True
    role: Role = Role.EMPLOYEE
    is_active: StrictBool = True
    access_org_structure: StrictBool = True
    access_tickets: StrictBool = True
    access_availability_slots: StrictBool = False


class UserCreate(UserWrite):
    model_config = example(email="oleg@example.com", full_name="Олег Петров", password="correct horse", role="it")

    password: Password
    organization_id: UUID | None = Field(
        None,
        description="Only for an administrator of the installation; others create users of their company",
    )


UserPatch = partial_of(UserWrite, "UserPatch")


class UserRead(Output):
    id: UUID
    email: str
    full_name: str | None
    phone: str | None
    position: str | None
    department: str | None
    department_id: UUID | None
    manager_id: UUID | None
    avatar_url: str | None
    is_active: bool
    role: Role
    created_at: Instant
    organization_id: UUID | None
    access_org_structure: bool
    access_tickets: bool
    access_availability_slots: bool
    show_local_time: bool
    show_moscow_time: bool
    birthday: date | None
    time_zone: str | None
    version: int
