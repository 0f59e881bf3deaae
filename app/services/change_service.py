"""The change feed: what somebody must be told to hold a copy of all calendars and events that they see (RFC 6578).

Triggers note in `changes` that an object changed, in the streams of those whom it may concern. A reader follows the
streams of the calendars that they see now, their own, their departments' and the company's, in the order of
transactions, as far as all transactions are over: what commits later was begun later or has kept that bound back. So
nothing is missed, whatever commits first. What an object is now, and whether it is there for the reader at all, is
looked up when it is told; so nothing is invented, and what changed twice is told once.

Whoever gains a calendar is told of all its events, by a walk through what is there now; whoever loses one, that it is
gone, and then of the events in it that they see for another reason. Departments that a reader joins or leaves are
noticed by the reader, who keeps in the cursor which were followed: what a left one brought is walked through once more.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import CursorResult, text
from sqlmodel import Session

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Gone
from app.core.hot import snapshot
from app.models.base import now
from app.schemas.change import ChangePage
from app.services import change_cursor, change_queries
from app.services.change_cursor import NOWHERE, Place, Scope, Walk
from app.services.change_items import Told, items_of
from app.services.change_queries import Reading
from app.services.rows import PageRequest


def read_changes(session: Session, actor: Actor, page: PageRequest) -> ChangePage:
    """What changed after the cursor; without one, all that the actor sees now.

    Raises:
        Invalid: the cursor is none.
        Gone: the cursor is too old, or somebody else's.
    """
    with snapshot(session):
        reading = change_queries.begin(session, actor)
        moment = reading.moment
        reader = change_cursor.reader_of(actor, moment.cluster)
        place = change_cursor.decode(page.cursor, reader) if page.cursor else _beginning(reading)
        if place.xid > moment.xmax:
            raise Gone("cursor_expired")
        place.follow(set(moment.departments))
        told, has_more = _advance(reading, place, page.limit)
        items = items_of(session, actor, told, moment.at)
    if not has_more:
        # What is below was told, or concerns others.
        place.since, place.xid, place.object_id = int(moment.at.timestamp()), max(place.xid, moment.xmin), NOWHERE
    return ChangePage(items=items, cursor=change_cursor.encode(place, reader), has_more=has_more)


def cursor_of_now(session: Session, actor: Actor) -> str:
    """The cursor from which on there is what changes from now on."""
    with snapshot(session):
        reading = change_queries.begin(session, actor)
    place = _beginning(reading)
    place.walks.clear()
    return change_cursor.encode(place, change_cursor.reader_of(actor, reading.moment.cluster))


def followed(session: Session, actor: Actor) -> frozenset[UUID]:
    """The streams whose changes concern the actor."""
    return change_queries.followed(session, actor)


def delete_old(session: Session, company: UUID, *, batch: int = 20_000) -> int:
    """Forget up to `batch` changes that no cursor can come from before, and say how many.

    A change bears the time at which its transaction began, so it is kept a day longer than cursors are good.
    """
    over = now() - timedelta(days=get_settings().CHANGES_KEEP_DAYS + 1)
    statement = text(
        "DELETE FROM changes WHERE ctid = ANY(ARRAY("
        " SELECT ctid FROM changes WHERE organization_id = :company AND at < :over"
        " LIMIT :batch FOR UPDATE SKIP LOCKED))"
    )
    result = session.execute(statement, {"company": company, "over": over, "batch": batch})
    assert isinstance(result, CursorResult)
    return result.rowcount


def _beginning(reading: Reading) -> Place:
    moment = reading.moment
    departments = set(moment.departments)
    return Place(int(moment.at.timestamp()), moment.xmin, departments=departments, walks=[Walk(Scope.ALL)])


def _advance(reading: Reading, place: Place, limit: int) -> tuple[list[Told], bool]:
    """Up to `limit` things to tell from the place on, which moves along; whether there may be more."""
    told: list[Told] = []
    while True:
        while place.walks and len(told) < limit:
            if _is_walked(reading, place.walks[0], told, limit):
                place.walks.pop(0)
        if place.walks:
            return told, True
        changes = reading.changed(place, limit - len(told))
        for change in changes:
            if len(told) == limit:
                return told, True
            place.xid, place.object_id = change.xid, change.object_id
            if change.is_access:
                # The walk begins with the calendar itself.
                place.walks.append(Walk(Scope.CALENDAR, change.object_id))
                if not _is_walked(reading, place.walks[0], told, limit):
                    return told, True
                place.walks.pop(0)
            else:
                told.append(Told(change.object_id, change.is_event, change.at))
        if len(changes) <= limit:
            return told, False


def _is_walked(reading: Reading, walk: Walk, told: list[Told], limit: int) -> bool:
    """Go on with a walk until the page is full; whether it is done."""
    if walk.elsewhere is None:
        room = limit - len(told)
        pairs = reading.walked(walk, room)
        for calendar, event in pairs:
            if calendar != walk.calendar:
                if len(told) == limit:
                    return False
                told.append(Told(calendar, is_event=False))
                walk.calendar, walk.event = calendar, NOWHERE
            if event is not None:
                if len(told) == limit:
                    return False
                told.append(Told(event, is_event=True))
                walk.event = event
        if len(pairs) > room:
            return False
        walk.elsewhere = NOWHERE
    room = limit - len(told)
    events = reading.elsewhere(walk, room)
    for event in events[:room]:
        told.append(Told(event, is_event=True))
        walk.elsewhere = event
    return len(events) <= room
