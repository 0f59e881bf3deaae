"""Departments and their people."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.api.deps import AdminUser, CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import Line, Page
from app.schemas.department import (
    DepartmentOrNone,
    DepartmentPatch,
    DepartmentRead,
    DepartmentSort,
    DepartmentWrite,
    MemberRead,
    MembersMoved,
    MemberSort,
    MembersWrite,
)
from app.schemas.org_structure import OrgTree
from app.services import department_removal, department_service, org_chart_service

router = PrefixRouter(prefix="/departments", tags=["departments"], route_class=TransactionRoute)


@router.get("", response_model=Page[DepartmentRead], summary="List departments", responses=responses(401, 403))
def list_departments(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: DepartmentSort = DepartmentSort.NAME,
    parent_id: Annotated[DepartmentOrNone | None, Query(description='Directly below this one; "none": the top')] = None,
    head_id: Annotated[UUID | None, Query(description="Headed by this person")] = None,
    q: Annotated[Line | None, Query(description="Part of the name; case does not matter, nor ё against е")] = None,
) -> Any:
    """For everybody whose access to the company's structure is on."""
    items, cursor = department_service.list_departments(
        session, user, sort, page, parent_id=parent_id, head_id=head_id, text=q
    )
    return Page(items=items, next_cursor=cursor)


@router.post(
    "",
    response_model=DepartmentRead,
    status_code=201,
    summary="Create a department",
    responses=responses(401, 403, 409),
)
def create_department(data: DepartmentWrite, user: AdminUser, session: SessionDep) -> Any:
    """For administrators."""
    return department_service.create_department(session, user, data)


@router.get("/tree", response_model=OrgTree, summary="The company's structure", responses=responses(401, 403, 404))
def read_tree(
    user: CurrentUser,
    session: SessionDep,
    root: Annotated[UUID | None, Query(description="Only this department and all below it")] = None,
    people: Annotated[bool, Query(description="false leaves the people out; their number stays")] = True,
) -> Any:
    """Departments, nested, with heads and active people; the people's manager_id makes the chart of managers."""
    body = org_chart_service.tree(session, user, root=root, with_people=people)
    return Response(body, media_type="application/json")


@router.get(
    "/{department_id}", response_model=DepartmentRead, summary="Read a department", responses=responses(401, 403, 404)
)
def read_department(department_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return department_service.get_department(session, user, department_id)


@router.put(
    "/{department_id}",
    response_model=DepartmentRead,
    summary="Replace a department",
    responses=responses(401, 403, 404, 409, 412),
)
def replace_department(
    department_id: UUID, data: DepartmentWrite, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> Any:
    """For administrators. With another parent_id it moves there with everything below it."""
    return department_service.change_department(session, user, department_id, data.model_dump(), if_match)


@router.patch(
    "/{department_id}",
    response_model=DepartmentRead,
    summary="Change a department",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_department(
    department_id: UUID,
    data: DepartmentPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. For administrators. With another parent_id it moves with everything below it."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return department_service.change_department(session, user, department_id, values, if_match)


@router.delete(
    "/{department_id}",
    status_code=204,
    summary="Delete a department",
    responses=responses(401, 403, 404, 409, 412),
)
def delete_department(
    department_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
    move_to: Annotated[
        DepartmentOrNone | None,
        Query(
            description="Where its people, the departments below it and invitations into it go. "
            '"none": the people to no department, the departments below it to where it was. '
            "Needed unless it has neither people nor departments below it"
        ),
    ] = None,
) -> None:
    """For administrators."""
    department_removal.delete_department(session, user, department_id, move_to, if_match)


@router.get(
    "/{department_id}/members",
    response_model=Page[MemberRead],
    summary="List a department's people",
    responses=responses(401, 403, 404),
)
def list_members(
    department_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: MemberSort = MemberSort.NAME,
    branch: Annotated[bool, Query(description="Also the people of all departments below it")] = False,
    is_active: bool | None = True,
) -> Any:
    items, cursor = department_service.list_members(
        session, user, department_id, sort, page, branch=branch, is_active=is_active
    )
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/{department_id}/members",
    response_model=MembersMoved,
    summary="Move people into a department",
    responses=responses(401, 403, 404),
)
def add_members(department_id: UUID, data: MembersWrite, user: CurrentUser, session: SessionDep) -> Any:
    """For administrators. Everybody named becomes a member here, or nobody when one of them is no colleague."""
    return MembersMoved(moved=department_service.add_members(session, user, department_id, data.user_ids))
