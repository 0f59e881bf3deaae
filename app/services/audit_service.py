"""The record of writes, for administrators. PostgreSQL's triggers write it; the application cannot."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Forbidden, Invalid
from app.models.audit import AuditAction, AuditEntry
from app.models.calendar import Calendar
from app.models.discussion import EventAttachment, EventComment
from app.models.event import Event, Visibility
from app.schemas.audit import AuditObject, AuditQuery, AuditRead
from app.services import calendar_service, discussion_places, event_access
from app.services.rows import PageRequest, decode_cursor, encode_cursor
from app.services.windows import resolve_moment

# What an administrator of the installation keeps, and so reads about, in every company.
OF_THE_INSTALLATION = (AuditObject.ORGANIZATIONS, AuditObject.USERS)
LARGEST_ID = 2**63 - 1
MASK = "***"
# What hangs on events is as private as these.
DISCUSSION: tuple[tuple[AuditObject, type[EventComment] | type[EventAttachment]], ...] = (
    (AuditObject.EVENT_COMMENTS, EventComment),
    (AuditObject.EVENT_ATTACHMENTS, EventAttachment),
)
PRIVATE_COLUMNS: dict[str, frozenset[str]] = {
    AuditObject.EVENTS: frozenset({"title", "description", "location"}),
    AuditObject.CALENDARS: frozenset({"name", "description"}),
    AuditObject.EVENT_COMMENTS: frozenset({"body"}),
    AuditObject.EVENT_ATTACHMENTS: frozenset({"name", "sha256"}),
}


def visible_to(actor: Actor) -> Select[AuditEntry]:
    """The entries of the administrator's company; for one of the installation, those about companies and people.

    Raises:
        Forbidden: the actor is no administrator.
    """
    if not actor.is_admin:
        raise Forbidden("admin_only")
    if actor.is_installation_admin:
        return select(AuditEntry).where(col(AuditEntry.object_type).in_(OF_THE_INSTALLATION))
    return select(AuditEntry).where(col(AuditEntry.organization_id) == actor.company)


def list_entries(
    session: Session, actor: Actor, wanted: AuditQuery, page: PageRequest
) -> tuple[list[AuditRead], str | None]:
    """A page of entries, the newest first, and the cursor of the next one or None.

    Of calendars and events that the administrator does not see, or that are gone, names and texts are masked; those
    of their comments and files likewise.

    Raises:
        Forbidden: the actor is no administrator.
        Invalid: the window or the cursor is not acceptable.
    """
    query = visible_to(actor)
    for column, value in (
        (AuditEntry.actor_id, wanted.actor_id),
        (AuditEntry.object_type, wanted.object_type),
        (AuditEntry.object_id, wanted.object_id),
        (AuditEntry.action, wanted.action),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    start = resolve_moment(wanted.start, actor.time_zone, "from") if wanted.start is not None else None
    end = resolve_moment(wanted.end, actor.time_zone, "to") if wanted.end is not None else None
    if start is not None and end is not None and end <= start:
        raise Invalid("window_needs_order", field="from")
    if start is not None:
        query = query.where(col(AuditEntry.at) >= start)
    if end is not None:
        query = query.where(col(AuditEntry.at) < end)
    if page.cursor is not None:
        query = query.where(tuple_(col(AuditEntry.at), col(AuditEntry.id)) < tuple_(*_last_of(page.cursor)))
    newest = query.order_by(col(AuditEntry.at).desc(), col(AuditEntry.id).desc())
    found = list(session.execute(newest.limit(page.limit + 1)).scalars())
    shown = found[: page.limit]
    more = len(found) > page.limit
    cursor = encode_cursor([shown[-1].at, str(shown[-1].id)]) if more and shown else None
    return _told(session, actor, shown), cursor


def _told(session: Session, actor: Actor, entries: list[AuditEntry]) -> list[AuditRead]:
    """The entries, without what is private in them: an administrator reads no more here than in the calendar itself."""
    told = [AuditRead.model_validate(entry) for entry in entries]
    open_to: dict[str, set[int]] = {
        AuditObject.CALENDARS: _seen_calendars(session, actor, told),
        AuditObject.EVENTS: _seen_events(session, actor, told),
        **dict.fromkeys((kind for kind, _ in DISCUSSION), _seen_discussions(session, actor, told)),
    }
    for entry in told:
        if entry.object_type in PRIVATE_COLUMNS and entry.id not in open_to.get(entry.object_type, set()):
            entry.before, entry.after = (
                _masked(row, PRIVATE_COLUMNS[entry.object_type]) for row in (entry.before, entry.after)
            )
    return told


def _seen_calendars(session: Session, actor: Actor, entries: list[AuditRead]) -> set[int]:
    """The entries about calendars that the actor sees."""
    named = {entry.object_id for entry in entries if entry.object_type == AuditObject.CALENDARS}
    if not named:
        return set()
    query = calendar_service.visible_to(actor).with_only_columns(col(Calendar.id)).where(col(Calendar.id).in_(named))
    seen = set(session.execute(query).scalars())
    return {entry.id for entry in entries if entry.object_id in seen}


def _seen_events(session: Session, actor: Actor, entries: list[AuditRead]) -> set[int]:
    """The entries about events whose details the actor reads; of one that is gone, would read as the entry has it."""
    chosen = [entry for entry in entries if entry.object_type == AuditObject.EVENTS]
    if not chosen:
        return set()
    named = {entry.object_id for entry in chosen}
    there = select(col(Event.id), event_access.reads_details(actor).label("reads")).where(
        col(Event.organization_id) == actor.company, col(Event.id).in_(named)
    )
    reads: dict[UUID, bool] = {row.id: row.reads for row in session.execute(there)}
    gone = {entry.id: row for entry in chosen if entry.object_id not in reads and (row := _whole_row(entry))}
    levels = {
        calendar: event_access.calendar_level(session, actor, calendar)
        for calendar in {UUID(row["calendar_id"]) for row in gone.values()}
    }
    return {entry.id for entry in chosen if reads.get(entry.object_id)} | {
        entry_id
        for entry_id, row in gone.items()
        if levels[UUID(row["calendar_id"])]
        >= event_access.DETAILS_FROM[Visibility(row.get("visibility", Visibility.DEFAULT))]
    }


def _whole_row(entry: AuditRead) -> dict[str, Any] | None:
    """What an entry says of an event that was created or deleted; of a change it only has what changed."""
    row = entry.after or entry.before or {}
    return row if row.get("calendar_id") and entry.action != AuditAction.CHANGED else None


def _seen_discussions(session: Session, actor: Actor, entries: list[AuditRead]) -> set[int]:
    """The entries about comments and files of events, and of occurrences, whose details the actor reads."""
    discussed = _discussed(session, entries)
    if not discussed:
        return set()
    events = {event for event, _ in discussed.values()}
    query = event_access.visible_to(actor).with_only_columns(col(Event.id)).where(col(Event.id).in_(events))
    seen = set(session.execute(query).scalars())
    hidden = {tuple(row) for row in session.execute(discussion_places.hidden_occurrences(actor, events))}
    return {entry for entry, place in discussed.items() if place[0] in seen and place not in hidden}


def _discussed(session: Session, entries: list[AuditRead]) -> dict[int, tuple[UUID, datetime | None]]:
    """By the ids of the entries about comments and files: the event, and the occurrence, on which these hang.

    An entry about a change may not tell it; then the row does, and if that is gone, nothing.
    """
    found: dict[int, tuple[UUID, datetime | None]] = {}
    for kind, table in DISCUSSION:
        changed: dict[UUID, list[int]] = {}
        for entry in entries:
            row = entry.after or entry.before or {}
            if entry.object_type == kind and entry.action != AuditAction.CHANGED:
                start = row.get("original_start")
                found[entry.id] = (UUID(row["event_id"]), datetime.fromisoformat(start) if start else None)
            elif entry.object_type == kind:
                changed.setdefault(entry.object_id, []).append(entry.id)
        if changed:
            query = select(col(table.id), col(table.event_id), col(table.original_start))
            for id_, event, original in session.execute(query.where(col(table.id).in_(changed))):
                found.update(dict.fromkeys(changed[id_], (event, original)))
    return found


def _masked(row: dict[str, Any] | None, columns: frozenset[str]) -> dict[str, Any] | None:
    return row and {name: MASK if name in columns and value is not None else value for name, value in row.items()}


def _last_of(cursor: str) -> tuple[datetime, int]:
    at, text = decode_cursor(cursor, (datetime, str))
    # Entries outnumber what other lists' cursors take for a number, so the id travels as text.
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= LARGEST_ID):
        raise Invalid("bad_cursor", field="cursor")
    return at, int(text)
