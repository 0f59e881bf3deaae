"""Leaving: a person is deactivated and what others depend on goes to a successor, in one transaction; and the way back.

Ownership moves and nothing else, as in other calendar servers: the successor does not become a participant, and the
leaver stays one. Bookings of rooms follow their events, overrides their series. Invitations stay good. Shares of
calendars and delegations rest: they are worth nothing while the leaver is not active, and are as they were after an
undo.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid, NotFound
from app.models.base import now
from app.models.department import Department
from app.models.handover import Handover, HandoverItem
from app.models.user import Role, User
from app.schemas.leaving import ChangedItem, HandoverRead, LeavingPreview, LeavingWrite
from app.services import handover_items, user_service
from app.services.chart_lock import lock_chart
from app.services.handover_items import ACTIVITY, COUNTED, KINDS
from app.services.leaving_preview import preview_leaving
from app.services.rows import PageRequest, SortColumn, fetch_page, flush, refusals_as


class _Sort(StrEnum):
    NEWEST = "-created_at"


SORTS = {"created_at": SortColumn(col(Handover.created_at), datetime)}
_NO_CIRCLE = {"ck_users_no_circle": ("manager_circle", dict[str, Any]())}


def visible_to(actor: Actor) -> Select[Handover]:
    """The handovers of the company."""
    return select(Handover).where(col(Handover.organization_id) == actor.company)


def list_handovers(
    session: Session, actor: Actor, user_id: UUID, page: PageRequest
) -> tuple[list[HandoverRead], str | None]:
    """The handovers of a person who left, newest first.

    Raises:
        NotFound: there is no such colleague.
    """
    user = user_service.get_user(session, actor, user_id)
    actor.require_admin()
    query = visible_to(actor).where(col(Handover.user_id) == user.id)
    rows, cursor = fetch_page(session, query, SORTS, _Sort.NEWEST, page)
    return _told(session, actor.company, rows), cursor


def leave(session: Session, actor: Actor, user_id: UUID, data: LeavingWrite) -> HandoverRead:
    """Deactivate a person and hand over what they leave behind. For administrators; also for somebody who left before.

    Raises:
        NotFound: there is no such colleague.
        Invalid: the successor is no other active colleague.
        Conflict: a successor is needed; there is more than HANDOVER_MAX_ITEMS; or this is the last administrator.
    """
    leaver, successor = _lock(session, actor, user_id, data.successor_id)
    if data.successor_id is not None and (successor is None or not successor.is_active or successor.id == leaver.id):
        raise Invalid("user_not_found", field="successor_id")
    left = preview_leaving(session, actor, leaver.id)
    _check_amount(session, actor, left, successor)
    savepoint = session.begin_nested()
    told = _hand_over(session, actor, leaver, successor)
    if data.dry_run:
        savepoint.rollback()
        return told.model_copy(update={"id": None, "dry_run": True})
    savepoint.commit()
    return told


def undo(session: Session, actor: Actor, user_id: UUID) -> HandoverRead:
    """Take the person back and give back all that the last handover changed, or nothing of it. For administrators.

    Raises:
        NotFound: there is no such colleague, or no handover to undo.
        Conflict: somebody changed something of it since; the error lists the first of these.
    """
    leaver, _ = _lock(session, actor, user_id, None)
    newest = (
        visible_to(actor)
        .where(col(Handover.user_id) == leaver.id, col(Handover.undone_at).is_(None))
        .order_by(col(Handover.created_at).desc(), col(Handover.id).desc())
        .limit(1)
    )
    handover: Handover | None = session.execute(newest).scalar_one_or_none()
    if handover is None:
        raise NotFound("handover_not_found")
    (told,) = _told(session, actor.company, [handover])
    savepoint = session.begin_nested()
    with refusals_as(_NO_CIRCLE):
        given = [handover_items.give_back(session, kind, actor.company, handover.id) for kind in KINDS]
    activity = session.execute(_activity_of(handover)).scalar_one_or_none()
    is_untouched = activity is None or (activity.version == leaver.version and not leaver.is_active)
    if not is_untouched or not all(given):
        savepoint.rollback()
        raise _changed_since(session, handover)
    savepoint.commit()
    if activity is not None:
        user_service.change_user(session, actor, leaver.id, {"is_active": True}, None, undoes_leaving=True)
    handover.undone_at = now()
    handover.version += 1
    flush(session)
    return told.model_copy(update={"undone_at": handover.undone_at})


def _lock(session: Session, actor: Actor, leaver_id: UUID, successor_id: UUID | None) -> tuple[User, User | None]:
    """Lock both people, after all that others lock before a person: charts, administrators, departments.

    Raises:
        NotFound: there is no such leaver.
    """
    company = actor.company
    user_service.get_user(session, actor, leaver_id)
    actor.require_admin()
    lock_chart(session, company, "users")
    lock_chart(session, company, "departments")
    for model, condition in (
        (User, col(User.role) == Role.ADMIN),
        (Department, col(Department.head_id) == leaver_id),
    ):
        session.execute(
            select(col(model.id))
            .where(col(model.organization_id) == company, condition)
            .order_by(col(model.id))
            .with_for_update(key_share=True)
        ).all()
    people = session.execute(
        select(User)
        .where(col(User.organization_id) == company, or_(col(User.id) == leaver_id, col(User.id) == successor_id))
        .order_by(col(User.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalars()
    found = {user.id: user for user in people}
    return found[leaver_id], found.get(successor_id) if successor_id else None


def _check_amount(session: Session, actor: Actor, left: LeavingPreview, successor: User | None) -> None:
    count = left.meetings.count + left.departments.count + left.reports.count
    if successor is None and left.needs_successor:
        raise Conflict("leaving_needs_successor", count=count + left.calendars.public)
    if successor is None:
        return
    values = {"organization_id": actor.company, "leaver": left.user_id}
    count += left.calendars.count + left.tickets.count + left.appointment_kinds.count
    count += session.execute(handover_items.OVERRIDES, values).scalar_one()
    limit = get_settings().HANDOVER_MAX_ITEMS
    if count > limit:
        raise Conflict("handover_too_large", count=count, limit=limit)


def _hand_over(session: Session, actor: Actor, leaver: User, successor: User | None) -> HandoverRead:
    handover = Handover(
        organization_id=actor.company,
        user_id=leaver.id,
        successor_id=successor.id if successor else None,
        made_by=actor.user_id,
    )
    session.add(handover)
    flush(session)
    counts = _hand_over_items(session, handover, leaver, successor) if successor else {}
    if leaver.is_active:
        user_service.change_user(session, actor, leaver.id, {"is_active": False}, None)
        table, field = ACTIVITY
        session.add(
            HandoverItem(
                organization_id=actor.company,
                handover_id=handover.id,
                object_type=table,
                object_id=leaver.id,
                field=field,
                version=leaver.version,
            )
        )
        flush(session)
    return _read(handover, counts)


def _hand_over_items(session: Session, handover: Handover, leaver: User, successor: User) -> dict[str, int]:
    values = {
        "organization_id": handover.organization_id,
        "handover": handover.id,
        "leaver": leaver.id,
        "successor": successor.id,
        "managers_manager": leaver.manager_id,
        "successor_rises": leaver.id in _managers_of(session, successor),
    }
    with refusals_as(_NO_CIRCLE):
        moved = {kind.name: handover_items.hand_over(session, kind, values) for kind in KINDS}
    return {name: moved[name] for name in COUNTED.values()}


def _managers_of(session: Session, user: User) -> set[UUID]:
    """Everybody above a person, active or not."""
    above = (
        select(col(User.manager_id).label("id"))
        .where(col(User.organization_id) == user.organization_id, col(User.id) == user.id)
        .cte("above", recursive=True)
    )
    above = above.union(
        select(col(User.manager_id)).where(
            col(User.organization_id) == user.organization_id, col(User.id) == above.c.id
        )
    )
    return set(session.execute(select(above.c.id).where(above.c.id.is_not(None))).scalars())


def _activity_of(handover: Handover) -> Select[HandoverItem]:
    table, field = ACTIVITY
    return select(HandoverItem).where(
        col(HandoverItem.organization_id) == handover.organization_id,
        col(HandoverItem.handover_id) == handover.id,
        col(HandoverItem.object_type) == table,
        col(HandoverItem.field) == field,
    )


def _changed_since(session: Session, handover: Handover) -> Conflict:
    values = {
        "organization_id": handover.organization_id,
        "handover": handover.id,
        "shown": get_settings().HANDOVER_ITEMS_SHOWN,
    }
    rows = session.execute(handover_items.CHANGED, values).all()
    changed = [ChangedItem.model_validate(row).model_dump(mode="json") for row in rows]
    return Conflict("handover_changed", count=rows[0].total if rows else 0, extra={"changed": changed})


def _told(session: Session, company: UUID, handovers: list[Handover]) -> list[HandoverRead]:
    values = {"organization_id": company, "handovers": [handover.id for handover in handovers]}
    counts: dict[UUID, dict[str, int]] = {handover.id: {} for handover in handovers}
    for row in session.execute(handover_items.COUNTS, values):
        name = COUNTED.get((row.object_type, row.field))
        if name is not None:
            counts[row.handover_id][name] = row.number
    return [_read(handover, counts[handover.id]) for handover in handovers]


def _read(handover: Handover, counts: dict[str, int]) -> HandoverRead:
    return HandoverRead(
        id=handover.id,
        user_id=handover.user_id,
        successor_id=handover.successor_id,
        made_by=handover.made_by,
        created_at=handover.created_at,
        undone_at=handover.undone_at,
        **counts,
    )
