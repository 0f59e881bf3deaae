"""Queues of tickets: kept by administrators and whoever manages them, seen by all who use tickets."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.organization import Organization
from app.models.ticket_desk import QueueRight, TicketQueue, TicketQueueMember, TicketSla
from app.models.user import User
from app.schemas.ticket_desk import (
    MemberRead,
    MembersWrite,
    NameSort,
    QueueRead,
    QueueSlaRead,
    QueueWrite,
    SlasWrite,
)
from app.services import ticket_recount
from app.services.colleagues import colleagues
from app.services.opening_hours import as_multirange, as_written
from app.services.rows import (
    Conflicts,
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)
from app.services.ticket_access import Desk, desk_of, require_tickets
from app.services.turns import take_turn

SORTS = {"name": SortColumn(col(TicketQueue.name), str)}
_CONFLICTS: Conflicts = {
    "uq_ticket_queues_name": ("ticket_queue_name_taken", {}),
    "uq_ticket_queues_email": ("ticket_queue_email_taken", {}),
    "uq_ticket_queues_default": ("ticket_queue_default_taken", {}),
}
_IN_USE: Conflicts = {
    "fk_tickets_organization_id_queue_id": ("ticket_queue_in_use", {}),
    "fk_ticket_categories_organization_id_queue_id": ("ticket_queue_in_use", {}),
}
# What the promises of its tickets are counted with.
_COUNTED = frozenset({"service_hours", "time_zone", "holiday_country"})
_FIRST_NAME = {"ru": "ИТ-поддержка", "en": "IT desk"}


def visible_to(actor: Actor) -> Select[TicketQueue]:
    """The queues of the company.

    Raises:
        Forbidden: the actor has no access to tickets.
    """
    return select(TicketQueue).where(col(TicketQueue.organization_id) == require_tickets(actor))


def list_queues(
    session: Session, actor: Actor, sort: NameSort, page: PageRequest
) -> tuple[list[QueueRead], str | None]:
    """A page of them, and the cursor of the next one or None."""
    desk = desk_of(session, actor)
    rows, cursor = fetch_page(session, visible_to(actor), SORTS, sort, page)
    return [_read(desk, row) for row in rows], cursor


def read_queue(session: Session, actor: Actor, queue_id: UUID) -> QueueRead:
    return _read(desk_of(session, actor), _get(session, actor, queue_id))


def create_queue(session: Session, actor: Actor, data: QueueWrite) -> QueueRead:
    """A new queue. For administrators.

    Raises:
        Forbidden: the actor is none.
        Conflict: another queue has its name or address or is the default one, or the company has TICKET_QUEUES_MAX.
    """
    company = require_tickets(actor)
    actor.require_admin()
    _lock(session, company)
    counted = select(func.count()).where(col(TicketQueue.organization_id) == company)
    limit = get_settings().TICKET_QUEUES_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_queues", limit=limit)
    queue = TicketQueue(**_columns(data.model_dump()), organization_id=company)
    session.add(queue)
    flush(session, _CONFLICTS)
    return _read(desk_of(session, actor), queue)


def change_queue(
    session: Session, actor: Actor, queue_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> QueueRead:
    """Change what `values` names. For administrators and whoever manages the queue.

    Raises:
        NotFound: the company has no such queue.
        Forbidden: it is not the actor's to keep.
        Conflict: another queue has its name or address, or is the default one.
    """
    queue, desk = _kept(session, actor, queue_id, lock=True)
    check_version(queue, if_match)
    changed = apply_changes(queue, _columns(values))
    flush(session, _CONFLICTS)
    if changed & _COUNTED:
        ticket_recount.of_company(session, queue.organization_id, queue.id)
    return _read(desk, queue)


def delete_queue(session: Session, actor: Actor, queue_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete a queue that has no tickets. For administrators.

    Raises:
        Conflict: there are tickets or categories in it.
    """
    queue = _get(session, actor, queue_id, lock=True)
    actor.require_admin()
    check_version(queue, if_match)
    session.delete(queue)
    flush(session, _IN_USE)


def list_members(session: Session, actor: Actor, queue_id: UUID) -> list[MemberRead]:
    """Who works a queue by membership, by name. For those who read it."""
    queue = _get(session, actor, queue_id)
    if not desk_of(session, actor).may(queue.id, QueueRight.READ):
        raise Forbidden("not_queue_manager")
    return _members_told(session, queue)


def set_members(session: Session, actor: Actor, queue_id: UUID, data: MembersWrite) -> list[MemberRead]:
    """Let these be the members of a queue. Whoever stays keeps their turn.

    Raises:
        Invalid: somebody is named twice, or is no active colleague, or there are more than TICKET_QUEUE_MEMBERS_MAX.
    """
    queue, _ = _kept(session, actor, queue_id, lock=True)
    limit = get_settings().TICKET_QUEUE_MEMBERS_MAX
    if len(data.members) > limit:
        raise Invalid("too_many_members", field="members", limit=limit)
    wanted = {member.user_id: member for member in data.members}
    if len(wanted) < len(data.members):
        raise Invalid("member_twice", field="members")
    known = select(col(User.id)).where(
        col(User.organization_id) == queue.organization_id, col(User.id).in_(wanted), col(User.is_active)
    )
    if len(session.execute(known).scalars().all()) < len(wanted):
        raise Invalid("user_not_found", field="members")
    present = {row.user_id: row for row in _members(session, queue)}
    for user_id, row in present.items():
        if user_id not in wanted:
            session.delete(row)
    for user_id, member in wanted.items():
        row = present.get(user_id) or TicketQueueMember(
            organization_id=queue.organization_id,
            queue_id=queue.id,
            user_id=user_id,
            queue_right=member.right,
            takes_tickets=member.takes_tickets,
        )
        row.queue_right, row.takes_tickets = member.right, member.takes_tickets
        session.add(row)
    queue.version += 1
    flush(session)
    return _members_told(session, queue)


def list_slas(session: Session, actor: Actor, queue_id: UUID) -> list[QueueSlaRead]:
    """What a queue promises; everybody may know."""
    return _slas_told(session, _get(session, actor, queue_id))


def set_slas(session: Session, actor: Actor, queue_id: UUID, data: SlasWrite) -> list[QueueSlaRead]:
    """Let a queue promise this. What is open is counted anew, from its beginning."""
    queue, _ = _kept(session, actor, queue_id, lock=True)
    session.execute(
        delete(TicketSla).where(
            col(TicketSla.organization_id) == queue.organization_id, col(TicketSla.queue_id) == queue.id
        )
    )
    session.expire_all()
    for sla in data.slas:
        session.add(TicketSla(**sla.model_dump(), organization_id=queue.organization_id, queue_id=queue.id))
    queue.version += 1
    flush(session)
    ticket_recount.of_company(session, queue.organization_id, queue.id)
    return _slas_told(session, queue)


def find_queue(session: Session, actor: Actor, queue_id: UUID, *, field: str) -> TicketQueue:
    """A queue that a body names.

    Raises:
        Invalid: the company has none such.
    """
    queue = session.get(TicketQueue, (actor.company, queue_id))
    if queue is None:
        raise Invalid("ticket_queue_not_found", field=field)
    return queue


def default_queue(session: Session, company: UUID) -> TicketQueue:
    """The queue for what names none; a company that has none gets it with its first ticket."""
    query = select(TicketQueue).where(col(TicketQueue.organization_id) == company, col(TicketQueue.is_default))
    queue: TicketQueue | None = session.execute(query).scalar_one_or_none()
    if queue is None:
        _lock(session, company)
        queue = session.execute(query).scalar_one_or_none()
    if queue is None:
        locale = session.get_one(Organization, company).locale
        queue = _named_freely(session, company, _FIRST_NAME["ru" if locale == "ru" else "en"])
    return queue


def _named_freely(session: Session, company: UUID, name: str) -> TicketQueue:
    """The queue of this name as the default one, made where there is none."""
    query = select(TicketQueue).where(
        col(TicketQueue.organization_id) == company, func.lower(col(TicketQueue.name)) == name.lower()
    )
    queue: TicketQueue | None = session.execute(query).scalar_one_or_none()
    if queue is None:
        queue = TicketQueue(organization_id=company, name=name)
        session.add(queue)
    queue.is_default = True
    flush(session)
    return queue


def _get(session: Session, actor: Actor, queue_id: UUID, *, lock: bool = False) -> TicketQueue:
    return get_visible(session, visible_to(actor), queue_id, "ticket_queue_not_found", lock=lock)


def _kept(session: Session, actor: Actor, queue_id: UUID, *, lock: bool = False) -> tuple[TicketQueue, Desk]:
    """A queue that the actor keeps.

    Raises:
        NotFound: the company has none such.
        Forbidden: the actor is no administrator and does not manage it.
    """
    queue = _get(session, actor, queue_id, lock=lock)
    desk = desk_of(session, actor)
    if not desk.may(queue.id, QueueRight.MANAGE):
        raise Forbidden("not_queue_manager")
    return queue, desk


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    columns = dict(values)
    if columns.get("service_hours") is not None:
        columns["service_hours"] = as_multirange(columns["service_hours"])
    return columns


def _lock(session: Session, company: UUID) -> None:
    take_turn(session, "ticket_queues", company)


def _members(session: Session, queue: TicketQueue) -> Sequence[TicketQueueMember]:
    query = select(TicketQueueMember).where(
        col(TicketQueueMember.organization_id) == queue.organization_id,
        col(TicketQueueMember.queue_id) == queue.id,
    )
    return session.execute(query).scalars().all()


def _members_told(session: Session, queue: TicketQueue) -> list[MemberRead]:
    rows = _members(session, queue)
    names = colleagues(session, queue.organization_id, {row.user_id for row in rows})
    told = [
        MemberRead(
            user=names[row.user_id],
            right=row.queue_right,
            takes_tickets=row.takes_tickets,
            last_given_at=row.last_given_at,
        )
        for row in rows
    ]
    return sorted(told, key=lambda member: (member.user.full_name or member.user.email, member.user.id))


def _slas_told(session: Session, queue: TicketQueue) -> list[QueueSlaRead]:
    query = select(TicketSla).where(
        col(TicketSla.organization_id) == queue.organization_id, col(TicketSla.queue_id) == queue.id
    )
    return [
        QueueSlaRead.model_validate(row) for row in session.execute(query.order_by(col(TicketSla.priority))).scalars()
    ]


def _read(desk: Desk, queue: TicketQueue) -> QueueRead:
    plain = QueueRead.model_fields.keys() - {"service_hours", "my_right"}
    return QueueRead(
        **{name: getattr(queue, name) for name in plain},
        service_hours=as_written(queue.service_hours),
        my_right=desk.rights.get(queue.id),
    )
