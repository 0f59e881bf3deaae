"""Delegations: somebody lets a colleague act for them, and acting so.

While either of the two is not active, nobody acts. Whose leaving is undone has their delegations again; whoever is
taken back otherwise begins without (`end_all`).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.hot import fetch_row, hot_statement
from app.models.sharing import Delegation
from app.models.user import Role, User
from app.schemas.delegation import DelegationPatch, DelegationSort, DelegationWrite
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)

SORTS = {"created_at": SortColumn(col(Delegation.created_at), datetime)}
# Of two roles the one that may do less comes first.
BY_POWER = (Role.EMPLOYEE, Role.IT, Role.ADMIN)
_PRINCIPAL = hot_statement("""
    SELECT u.is_active, u.role, u.time_zone, u.access_org_structure, u.access_tickets, d.sees_private
    FROM users u
    LEFT JOIN delegations d
      ON d.organization_id = u.organization_id AND d.principal_id = u.id AND d.delegate_id = %(delegate)s
    WHERE u.organization_id = %(company)s AND u.id = %(principal)s
""")


def visible_to(actor: Actor) -> Select[Delegation]:
    """Those that the actor gave, and those by which the actor may act."""
    return select(Delegation).where(
        col(Delegation.organization_id) == actor.company,
        or_(col(Delegation.principal_id) == actor.user_id, col(Delegation.delegate_id) == actor.user_id),
    )


def act_for(session: Session, actor: Actor, principal_id: UUID) -> Actor:
    """The principal as an actor, in whose name the delegate `actor` asks; oneself as one is.

    The delegate has the principal's calendars and not their rights: of role and access flags the weaker count.

    Raises:
        NotFound: the company has no such person.
        Forbidden: they have not made the actor their delegate, or are not active.
    """
    if principal_id == actor.user_id:
        return actor
    asked = {"company": actor.company, "principal": principal_id, "delegate": actor.user_id}
    row = fetch_row(session, _PRINCIPAL, asked)
    if row is None:
        raise NotFound("user_not_found")
    is_active, role, own_zone, org_structure, tickets, sees_private = row
    if sees_private is None:
        raise Forbidden("not_delegate")
    if not is_active:
        raise Forbidden("principal_inactive")
    return replace(
        actor,
        user_id=principal_id,
        role=min(Role(role), Role(actor.role), key=BY_POWER.index),
        time_zone=own_zone or actor.organization_time_zone,
        access_org_structure=actor.access_org_structure and org_structure,
        access_tickets=actor.access_tickets and tickets,
        delegate_id=actor.user_id,
        sees_private=sees_private,
    )


def list_delegations(
    session: Session,
    actor: Actor,
    sort: DelegationSort,
    page: PageRequest,
    *,
    principal_id: UUID | None = None,
    delegate_id: UUID | None = None,
) -> tuple[list[Delegation], str | None]:
    """A page of what the actor gave and got."""
    query = visible_to(actor)
    if principal_id is not None:
        query = query.where(col(Delegation.principal_id) == principal_id)
    if delegate_id is not None:
        query = query.where(col(Delegation.delegate_id) == delegate_id)
    return fetch_page(session, query, SORTS, sort, page)


def get_delegation(session: Session, actor: Actor, delegation_id: UUID, *, lock: bool = False) -> Delegation:
    return get_visible(session, visible_to(actor), delegation_id, "delegation_not_found", lock=lock)


def create_delegation(session: Session, actor: Actor, data: DelegationWrite) -> Delegation:
    """Let a colleague act for the actor.

    Raises:
        Invalid: there is no such active colleague, or it is the actor.
        Conflict: they may act for the actor already, or DELEGATES_MAX others may.
    """
    company = actor.company
    if data.delegate_id == actor.user_id:
        raise Invalid("delegate_is_oneself", field="delegate_id")
    # Both in one order: two who name each other wait, and nobody is named who is leaving at this moment.
    people = session.execute(
        select(User)
        .where(col(User.organization_id) == company, col(User.id).in_((actor.user_id, data.delegate_id)))
        .order_by(col(User.id))
        .with_for_update(key_share=True)
    ).scalars()
    if not any(user.id == data.delegate_id and user.is_active for user in people):
        raise Invalid("user_not_found", field="delegate_id")
    given = select(func.count()).where(
        col(Delegation.organization_id) == company, col(Delegation.principal_id) == actor.user_id
    )
    limit = get_settings().DELEGATES_MAX
    if session.execute(given).scalar_one() >= limit:
        raise Conflict("too_many_delegates", limit=limit)
    delegation = Delegation(**data.model_dump(), organization_id=company, principal_id=actor.user_id)
    session.add(delegation)
    flush(session, {"uq_delegations_organization_id_principal_id_delegate_id": ("already_delegate", {})})
    return delegation


def change_delegation(
    session: Session, actor: Actor, delegation_id: UUID, data: DelegationPatch, if_match: frozenset[int] | None
) -> Delegation:
    """Open or close one's private events to a delegate.

    Raises:
        NotFound: the actor has nothing to do with it.
        Forbidden: the actor is the delegate.
    """
    delegation = get_delegation(session, actor, delegation_id, lock=True)
    if delegation.principal_id != actor.user_id:
        raise Forbidden("not_principal")
    check_version(delegation, if_match)
    apply_changes(delegation, data.model_dump())
    flush(session)
    return delegation


def delete_delegation(session: Session, actor: Actor, delegation_id: UUID, if_match: frozenset[int] | None) -> None:
    """End a delegation. Either of the two may.

    Raises:
        NotFound: the actor has nothing to do with it.
    """
    delegation = get_delegation(session, actor, delegation_id, lock=True)
    check_version(delegation, if_match)
    session.delete(delegation)
    flush(session)


def end_all(session: Session, organization_id: UUID, user_ids: Collection[UUID]) -> None:
    """End every delegation that these people gave or got."""
    session.execute(
        delete(Delegation).where(
            col(Delegation.organization_id) == organization_id,
            or_(col(Delegation.principal_id).in_(user_ids), col(Delegation.delegate_id).in_(user_ids)),
        )
    )
