"""Charts of the company: departments and who reports to whom. Active people only."""

from uuid import UUID

from pydantic import Field

from app.schemas.common import Output


class ChartPerson(Output):
    """A colleague as charts tell of them."""

    id: UUID
    full_name: str | None
    email: str
    position: str | None
    department_id: UUID | None
    manager_id: UUID | None = Field(description="Null at the top, and while the manager is not active")
    avatar_url: str | None


class ChartDepartment(Output):
    id: UUID
    name: str
    parent_id: UUID | None
    head_id: UUID | None = Field(description="Null without a head, and while the head is not active")
    member_count: int = Field(description="Active people of this department itself, those below it not counted")
    members: list[ChartPerson] = Field(description="By name; empty with people=false")
    children: list["ChartDepartment"] = Field(description="By name")


class OrgTree(Output):
    """Every active colleague stands here once; `manager_id` makes the chart of managers."""

    departments: list[ChartDepartment]
    unassigned: list[ChartPerson] = Field(description="People without a department; empty when a root is asked for")


class Report(ChartPerson):
    depth: int = Field(description="1 for those who report directly")


class Reports(Output):
    """Everybody below a person, nearest first."""

    items: list[Report]
    next_cursor: None = None


class ManagerAbove(ChartPerson):
    depth: int = Field(description="1 for the person's own manager")


class Managers(Output):
    """The chain from a person's manager to the top."""

    items: list[ManagerAbove]
    next_cursor: None = None
