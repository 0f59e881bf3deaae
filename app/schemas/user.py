"""People."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints, model_validator

from app.core.actor import Actor
from app.models.user import Role, User
from app.schemas.common import Date, Email, Input, Instant, Line, Output, Password, ZoneName, example, partial_of

Phone = Annotated[str, StringConstraints(min_length=2, max_length=40, pattern=r"^[0-9+() ./\-#*,;=extдоб]+$")]


class UserSort(StrEnum):
    NAME = "full_name"
    NAME_DESC = "-full_name"
    EMAIL = "email"
    EMAIL_DESC = "-email"
    CREATED = "created_at"
    CREATED_DESC = "-created_at"
    POSITION = "position"
    POSITION_DESC = "-position"
    DEPARTMENT = "department"
    DEPARTMENT_DESC = "-department"


@dataclass(frozen=True, slots=True)
class UserFilters:
    """Which people a list or an export is about; what is None does not matter."""

    role: Role | None = None
    department_id: UUID | None = None
    branch: bool = False
    manager_id: UUID | None = None
    position: str | None = None
    is_active: bool | None = None
    q: str | None = None


class UserWrite(Input):
    """A whole user. Rights that are not sent (role, is_active, access_*) stay as they are."""

    model_config = example(
        email="oleg@example.com", full_name="Олег Петров", position="Инженер", time_zone="Asia/Yekaterinburg"
    )

    email: Email
    full_name: Line | None = None
    phone: Phone | None = Field(None, description="Stored as E.164; internal numbers of 2 to 6 digits stay as they are")
    position: Line | None = None
    department: Line | None = Field(None, description="The department's name wherever department_id is set")
    department_id: UUID | None = None
    manager_id: UUID | None = None
    birthday: Date | None = None
    time_zone: ZoneName | None = Field(None, description="IANA name; null means the company's zone")
    language: Literal["ru", "en"] | None = Field(
        None, description="In which Planner writes to them; null means the company's language"
    )
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


# An avatar's two files differ in this part of their names.
AVATAR_LARGE, AVATAR_SMALL = "-256.", "-64."


def small_avatar(avatar_url: str | None) -> str | None:
    """The address of the 64 pixels' avatar beside that of 256."""
    return avatar_url and avatar_url.replace(AVATAR_LARGE, AVATAR_SMALL)


class UserRead(Output):
    """A person. Routes answer with `shown_to`, which keeps the year of birth from colleagues."""

    id: UUID
    email: str
    full_name: str | None
    phone: str | None
    position: str | None
    department: str | None
    department_id: UUID | None
    manager_id: UUID | None
    avatar_url: str | None = Field(description="256 × 256 pixels")
    avatar_small_url: str | None = Field(None, description="64 × 64 pixels")
    is_active: bool
    role: Role
    created_at: Instant
    organization_id: UUID | None
    access_org_structure: bool
    access_tickets: bool
    access_availability_slots: bool
    show_local_time: bool
    show_moscow_time: bool
    birthday: date | None = Field(description="For the person and for administrators; null for colleagues")
    birthday_day: str | None = Field(None, description="MM-DD, for everybody")
    time_zone: str | None
    language: Literal["ru", "en"] | None
    version: int

    @model_validator(mode="after")
    def _derive(self) -> Self:
        self.avatar_small_url = small_avatar(self.avatar_url)
        if self.birthday is not None:
            self.birthday_day = f"{self.birthday:%m-%d}"
        return self

    @classmethod
    def shown_to(cls, actor: Actor, user: User) -> Self:
        """The user as `actor` may see them."""
        read = cls.model_validate(user)
        if not (actor.is_admin or actor.user_id == user.id):
            read.birthday = None
        return read


class BirthdayRead(Output):
    """A colleague whose birthday is near. Whoever was born on 29 February has it on 1 March of other years."""

    id: UUID
    full_name: str | None
    position: str | None
    department: str | None
    department_id: UUID | None
    avatar_url: str | None
    avatar_small_url: str | None
    birthday_day: str = Field(description="MM-DD")
    next_birthday: date = Field(description="The day of the next one, today included, in the company's zone")
