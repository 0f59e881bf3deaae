"""Departments."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from app.schemas.common import Input, Instant, Line, Output, example, partial_of

# In a query, "none" is the place above the topmost departments.
DepartmentOrNone = UUID | Literal["none"]


class DepartmentSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"


class MemberSort(StrEnum):
    NAME = "full_name"
    NAME_DESC = "-full_name"


class DepartmentWrite(Input):
    model_config = example(name="Продажи", parent_id=None, head_id=None)

    name: Line = Field(description="Different from those of the departments beside it, in any case")
    parent_id: UUID | None = Field(None, description="The department above; null for one at the top")
    head_id: UUID | None = Field(None, description="An active colleague")


DepartmentPatch = partial_of(DepartmentWrite, "DepartmentPatch")


class DepartmentRead(Output):
    id: UUID
    name: str
    parent_id: UUID | None
    head_id: UUID | None
    organization_id: UUID
    created_at: Instant
    updated_at: Instant
    version: int


def _without_repeats(items: list[UUID]) -> list[UUID]:
    return list(dict.fromkeys(items))


class MembersWrite(Input):
    model_config = example(user_ids=["0190a0d8-0000-7000-8000-000000000000"])

    user_ids: Annotated[list[UUID], Field(min_length=1, max_length=5000), AfterValidator(_without_repeats)] = Field(
        description="Colleagues who become members here; they leave the department they were in"
    )


class MembersMoved(Output):
    moved: int = Field(description="People who were not members before")


class MemberRead(Output):
    """A member of a department."""

    id: UUID
    full_name: str | None
    email: str
    position: str | None
    department_id: UUID | None
    manager_id: UUID | None
    avatar_url: str | None
    is_active: bool
