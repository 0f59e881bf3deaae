"""Rules of rooms, written as rows."""

from typing import Any

from sqlalchemy import delete
from sqlmodel import col

from app.core import tenancy
from app.core.ids import new_id
from app.db import SessionLocal
from app.models.room_policy import BookingPolicy, BookingPolicyPerson, PolicyPurpose
from tests.support.people import Company, Person


def set_policy(company: Company, room_id: str | None, *, approvers: tuple[Any, ...] = (), **rules: Any) -> None:
    """Let these rules hold for a room, or with None for the company; what held before goes.

    `approvers` are people, or ids of departments.
    """
    organization = company.organization.id
    with SessionLocal.begin() as session:
        tenancy.enter(session, organization, origin="test")
        session.execute(
            delete(BookingPolicy).where(
                col(BookingPolicy.organization_id) == organization,
                col(BookingPolicy.room_id).is_not_distinct_from(room_id),
            )
        )
        policy = BookingPolicy(organization_id=organization, id=new_id(), room_id=room_id, **rules)
        session.add(policy)
        session.flush()
        for one in approvers:
            key = {"user_id": one.id} if isinstance(one, Person) else {"department_id": one}
            listed = {"organization_id": organization, "policy_id": policy.id, "purpose": PolicyPurpose.APPROVER, **key}
            session.add(BookingPolicyPerson(**listed))


def lend_by_approver(company: Company, room_id: str, *approvers: Any, **rules: Any) -> None:
    """Let every booking of a room wait for these people; without any, for administrators and the IT desk."""
    set_policy(company, room_id, approvers=approvers, in_policy="request", **rules)
