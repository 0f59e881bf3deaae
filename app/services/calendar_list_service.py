"""The list of calendars: a page costs the same however many calendars are public.

Somebody sees what `calendar_grants()` names and what is public. `calendar_access()` says so; asked for a page, it would
gather all of it. Here the calendars come from two sides. *Near* are those of which some row speaks for this person:
they own it, it is shared with them or with their department, or they have arranged it. They are few, and read whole.
All *others* are public, listed, and without a place, so an index has them in order: it is entered at the cursor and
left after a page. Then `calendar_access()` is asked of the calendars of the page alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    Boolean,
    Integer,
    Select,
    Uuid,
    column,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlmodel import Session, col

from app.core.actor import Actor
from app.models.calendar import Calendar
from app.models.sharing import CalendarSubscription
from app.schemas.calendar import POSITION_MAX, CalendarRead, CalendarSort
from app.services.calendar_reading import access_in, as_had_by, as_read
from app.services.rows import PageRequest, after, cut_page, decode_cursor

# Sorted by place, calendars without one come after those that have one.
UNPLACED = POSITION_MAX + 1
_KINDS = {"name": str, "created_at": datetime, "position": int}


@dataclass(frozen=True, slots=True)
class _Order:
    """By which column, in which direction, and after which sort key and id."""

    name: str
    descending: bool
    last: tuple[Any, UUID] | None

    def first(self, query: Select[Any], key: Any, row_id: Any, limit: int) -> Select[Any]:
        return query.order_by(key.desc() if self.descending else key.asc(), row_id).limit(limit)

    def rest(self, query: Select[Any], key: Any, row_id: Any) -> Select[Any]:
        if self.last is None:
            return query
        return query.where(after(key, row_id, *self.last, descending=self.descending))


def list_calendars(
    session: Session,
    actor: Actor,
    sort: CalendarSort,
    page: PageRequest,
    *,
    owner_id: UUID | None = None,
    is_listed: bool | None = None,
) -> tuple[list[CalendarRead], str | None]:
    """A page of the calendars that the actor sees: of an owner, subscribed to or not.

    Raises:
        Invalid: the cursor is of another list.
    """
    query = _page(actor, sort, page, owner_id, is_listed)
    rows, cursor = cut_page(session.execute(query).all(), page)
    return [as_read(row, access_in(actor, row)) for row in rows], cursor


def _page(
    actor: Actor, sort: CalendarSort, page: PageRequest, owner_id: UUID | None, is_listed: bool | None
) -> Select[Any]:
    """The rows of a page as `as_had_by` has them, with their sort key, and one more."""
    name, limit = sort.removeprefix("-"), page.limit + 1
    last = None if page.cursor is None else decode_cursor(page.cursor, [_KINDS[name], UUID])
    order = _Order(name, sort.startswith("-"), None if last is None else (last[0], last[1]))
    near = _near(actor)
    mine = order.rest(select(near.c.id, near.c[name].label("sort_key")), near.c[name], near.c.id)
    others = _others(actor, near, order, limit)
    if owner_id is not None:
        mine, others = mine.where(near.c.owner_id == owner_id), others.where(col(Calendar.owner_id) == owner_id)
    if is_listed is not None:
        mine = mine.where(near.c.is_listed.is_(is_listed))
    both = (mine if is_listed is False else union_all(mine, others)).subquery("seen")
    shown = order.first(select(both), both.c.sort_key, both.c.id, limit).subquery("page")
    query = as_had_by(actor).join(shown, shown.c.id == col(Calendar.id)).add_columns(shown.c.sort_key)
    return order.first(query, shown.c.sort_key, shown.c.id, limit)


def _near(actor: Actor) -> CTE:
    own = CalendarSubscription
    grants = func.calendar_grants(actor.company, actor.user_id).table_valued(column("calendar_id", Uuid), name="grants")
    arranged = select(col(own.calendar_id), false(), col(own.is_listed), col(own.position)).where(
        col(own.organization_id) == actor.company, col(own.user_id) == actor.user_id
    )
    said = union_all(
        select(
            grants.c.calendar_id,
            true().label("granted"),
            null().cast(Boolean).label("is_listed"),
            null().cast(Integer).label("position"),
        ),
        arranged,
    ).subquery("said")
    known = (
        select(
            said.c.calendar_id,
            func.bool_or(said.c.granted).label("granted"),
            func.coalesce(func.bool_and(said.c.is_listed), True).label("is_listed"),
            func.coalesce(func.max(said.c.position), literal_column(str(UNPLACED))).label("position"),
        )
        .group_by(said.c.calendar_id)
        .subquery("known")
    )
    # The OFFSET keeps PostgreSQL from reading all calendars to find these.
    calendar = (
        select(Calendar)
        .where(
            col(Calendar.organization_id) == actor.company,
            col(Calendar.id) == known.c.calendar_id,
            or_(col(Calendar.is_public), known.c.granted),
        )
        .offset(literal_column("0"))
        .lateral("calendar")
    )
    return (
        select(
            calendar.c.id,
            calendar.c.owner_id,
            calendar.c.name,
            calendar.c.created_at,
            known.c.position,
            known.c.is_listed,
        )
        .join_from(known, calendar, true())
        .cte("near")
    )


def _others(actor: Actor, near: CTE, order: _Order, limit: int) -> Select[Any]:
    """The first of the public calendars that are not near, after the cursor."""
    row_id = col(Calendar.id)
    public = (
        col(Calendar.organization_id) == actor.company,
        col(Calendar.is_public),
        row_id.not_in(select(near.c.id)),
    )
    if order.name != "position":
        key = getattr(Calendar, order.name)
        by_key: Select[Any] = select(row_id, key.label("sort_key")).where(*public)
        return order.first(order.rest(by_key, key, row_id), key, row_id, limit)
    # They share one place, so the id alone sorts them; whether their turn has come is plain from the cursor.
    place: Any = literal_column(str(UNPLACED)).label("sort_key")
    by_id: Select[Any] = select(row_id, place).where(*public)
    if order.last is not None:
        last, last_id = order.last
        if last == UNPLACED:
            by_id = by_id.where(row_id > last_id)
        elif (last > UNPLACED) != order.descending:
            by_id = by_id.where(false())
    return by_id.order_by(row_id).limit(limit)
