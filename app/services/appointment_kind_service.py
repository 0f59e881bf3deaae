"""Kinds of appointment: kept by who offers them, with their hosts and the days on which hours differ."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.models.appointment import AppointmentDay, AppointmentHost, AppointmentKind, AppointmentMode
from app.models.room import Room
from app.models.user import User
from app.schemas.appointment import KindRead, KindSort, KindWrite
from app.services import appointment_keys, room_service
from app.services.appointment_access import find_kind, kinds_visible_to, require_offering, require_owner
from app.services.colleagues import colleagues
from app.services.opening_hours import as_multirange, as_written
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
)
from app.services.turns import take_turn

SORTS = {"name": SortColumn(col(AppointmentKind.name), str)}
_PARTS = ("hosts", "days")
_ELSEWHERE = {"owner", "hosts", "days", "hours", "public_url"}


def list_kinds(session: Session, actor: Actor, sort: KindSort, page: PageRequest) -> tuple[list[KindRead], str | None]:
    """A page of what is offered, and the cursor of the next one or None."""
    rows, cursor = fetch_page(session, kinds_visible_to(actor), SORTS, sort, page)
    return _told(session, actor, rows), cursor


def read_kind(session: Session, actor: Actor, kind_id: UUID) -> KindRead:
    return _told(session, actor, [find_kind(session, actor, kind_id)])[0]


def create_kind(session: Session, actor: Actor, data: KindWrite) -> KindRead:
    """Offer something.

    Raises:
        Forbidden: the actor may offer no appointments.
        Invalid: a host or the room is not there, a host may offer none, or the mode asks for another number of hosts.
        Conflict: the actor has APPOINTMENT_KINDS_MAX.
    """
    company = actor.company
    require_offering(session, actor)
    take_turn(session, "appointment_kinds", actor.user_id)
    counted = select(func.count()).where(
        col(AppointmentKind.organization_id) == company, col(AppointmentKind.owner_id) == actor.user_id
    )
    limit = get_settings().APPOINTMENT_KINDS_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_appointment_kinds", limit=limit)
    values = data.model_dump()
    kind = AppointmentKind(
        **_stored(values),
        organization_id=company,
        owner_id=actor.user_id,
        public_key=appointment_keys.new_public_key(),
    )
    hosts = values["hosts"] or [{"user_id": actor.user_id, "weight": 1}]
    _check(session, actor, kind, hosts)
    session.add(kind)
    flush(session)
    _set_hosts(session, kind, hosts)
    _set_days(session, kind, values["days"])
    return _told(session, actor, [kind])[0]


def change_kind(
    session: Session, actor: Actor, kind_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> KindRead:
    """Change what `values` names; hosts and days are sent whole. What is booked stays as it is."""
    kind = find_kind(session, actor, kind_id, lock=True)
    require_owner(actor, kind)
    check_version(kind, if_match)
    hosts = values.get("hosts")
    with session.no_autoflush:
        apply_changes(kind, _stored(values))
        _check(
            session, actor, kind, hosts if hosts is not None else _hosts_of(session, kind), are_new=hosts is not None
        )
        if values.keys() & set(_PARTS):
            kind.version += 1
    flush(session)
    if hosts is not None:
        _set_hosts(session, kind, hosts)
    if "days" in values:
        _set_days(session, kind, values["days"])
    return _told(session, actor, [kind])[0]


def delete_kind(session: Session, actor: Actor, kind_id: UUID, if_match: frozenset[int] | None) -> None:
    """Offer it no more. Meetings that were booked stay in the calendars; who booked them cannot move them any more."""
    kind = find_kind(session, actor, kind_id, lock=True)
    require_owner(actor, kind)
    check_version(kind, if_match)
    session.delete(kind)
    flush(session)


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    stored = {name: value for name, value in values.items() if name not in _PARTS}
    if stored.get("hours") is not None:
        stored["hours"] = as_multirange(stored["hours"])
    return stored


def _hosts_of(session: Session, kind: AppointmentKind) -> list[dict[str, Any]]:
    query = select(AppointmentHost).where(
        col(AppointmentHost.organization_id) == kind.organization_id, col(AppointmentHost.kind_id) == kind.id
    )
    return [{"user_id": row.user_id, "weight": row.weight} for row in session.execute(query).scalars()]


def _check(
    session: Session,
    actor: Actor,
    kind: AppointmentKind,
    hosts: Sequence[Mapping[str, Any]],
    *,
    are_new: bool = True,
) -> None:
    people = [host["user_id"] for host in hosts]
    if len(set(people)) < len(people):
        raise Invalid("host_twice", field="hosts")
    if kind.mode == AppointmentMode.ONE and len(people) > 1:
        raise Invalid("appointment_with_one", field="hosts")
    if are_new:
        query = select(col(User.id), col(User.access_availability_slots)).where(
            col(User.organization_id) == actor.company, col(User.id).in_(people), col(User.is_active)
        )
        allowed = {row.id: row.access_availability_slots for row in session.execute(query)}
        if set(people) - set(allowed):
            raise Invalid("user_not_found", field="hosts")
        if not all(allowed.values()):
            raise Invalid("host_offers_no_slots", field="hosts")
    if kind.room_id is not None:
        rooms = room_service.visible_to(actor).where(col(Room.id) == kind.room_id)
        if session.execute(rooms).first() is None:
            raise Invalid("room_not_found", field="room_id")


def _set_hosts(session: Session, kind: AppointmentKind, hosts: Sequence[Mapping[str, Any]]) -> None:
    """Whoever stays keeps their turn."""
    wanted = {host["user_id"]: host["weight"] for host in hosts}
    query = select(AppointmentHost).where(
        col(AppointmentHost.organization_id) == kind.organization_id, col(AppointmentHost.kind_id) == kind.id
    )
    for row in session.execute(query).scalars().all():
        if row.user_id in wanted:
            row.weight = wanted.pop(row.user_id)
        else:
            session.delete(row)
    for user_id, weight in wanted.items():
        session.add(
            AppointmentHost(organization_id=kind.organization_id, kind_id=kind.id, user_id=user_id, weight=weight)
        )
    flush(session)


def _set_days(session: Session, kind: AppointmentKind, days: Sequence[Mapping[str, Any]]) -> None:
    """Of two for the same day, the last."""
    session.execute(
        delete(AppointmentDay).where(
            col(AppointmentDay.organization_id) == kind.organization_id, col(AppointmentDay.kind_id) == kind.id
        )
    )
    for day, hours in {day["day"]: as_multirange(day["hours"]) for day in days}.items():
        session.add(AppointmentDay(organization_id=kind.organization_id, kind_id=kind.id, day=day, hours=hours))
    flush(session)


def _told(session: Session, actor: Actor, rows: Sequence[AppointmentKind]) -> list[KindRead]:
    ids = [row.id for row in rows]
    hosts = (
        session.execute(
            select(AppointmentHost)
            .where(col(AppointmentHost.organization_id) == actor.company, col(AppointmentHost.kind_id).in_(ids))
            .order_by(col(AppointmentHost.user_id))
        )
        .scalars()
        .all()
    )
    days = (
        session.execute(
            select(AppointmentDay)
            .where(col(AppointmentDay.organization_id) == actor.company, col(AppointmentDay.kind_id).in_(ids))
            .order_by(col(AppointmentDay.day))
        )
        .scalars()
        .all()
    )
    names = colleagues(session, actor.company, {row.owner_id for row in rows} | {host.user_id for host in hosts})
    settings = get_settings()
    return [
        KindRead.model_validate(
            {
                **{name: getattr(row, name) for name in KindRead.model_fields.keys() - _ELSEWHERE},
                "owner": names[row.owner_id],
                "hosts": [
                    {"user": names[host.user_id], "weight": host.weight} for host in hosts if host.kind_id == row.id
                ],
                "days": [{"day": day.day, "hours": as_written(day.hours)} for day in days if day.kind_id == row.id],
                "hours": as_written(row.hours),
                "public_url": settings.booking_url(row.public_key) if row.is_public else None,
            }
        )
        for row in rows
    ]
