"""Export as iCalendar: an event, a calendar, a range of all that somebody sees; in batches, so that memory stays flat.

Each batch is read by a session of its own, which is closed before the batch goes out: however slowly somebody reads, no
connection to the database waits for them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import Row, func, select, text
from sqlmodel import Session, SQLModel, col

from app.calendaring.ical.calendar_properties import read_properties
from app.calendaring.ical.content_lines import parse_line
from app.calendaring.ical.model import CalendarProperties, OtherComponent
from app.calendaring.ical.writing import WrittenObject, anonymous, as_busy, write_calendar
from app.core.actor import Actor
from app.models.calendar import Calendar
from app.models.event import Event
from app.models.interchange import CalendarComponent
from app.models.sharing import ShareLevel
from app.models.user import User
from app.services import calendar_service, event_access
from app.services.event_access import CLOSED, DETAILS_FROM, LEVELS
from app.services.ical_rows import READ, STANDS_IN, Invited, data_of, split_kept
from app.services.ical_stored import invited_to

BATCH = 250
OpenSession = Callable[[], AbstractContextManager[Session]]
# All-day events have dates, and the days of a reader begin up to this much before and after those of UTC.
_DAY_SHIFT = timedelta(hours=14)
_IN_RANGE = """
    AND (CAST(:start AS timestamptz) IS NULL OR e.expanded_until < :until OR EXISTS (
        SELECT FROM event_occurrences o
        WHERE o.organization_id = e.organization_id AND o.series_id = e.id AND o.starts_at < :until
          AND (o.ends_at > :start OR o.starts_at >= :start)))
"""
# By UID, in which order there is an index.
_OF_CALENDAR = text(f"""
    SELECT e.id, e.uid AS key FROM events e
    WHERE e.organization_id = :company AND e.calendar_id = :calendar AND e.series_id IS NULL AND e.uid > :after
    {_IN_RANGE} ORDER BY e.uid LIMIT :limit
""")
# In calendars that somebody does not see, what they take part in.
_ELSEWHERE = text(f"""
    SELECT DISTINCT e.id, e.id::text AS key FROM (
        SELECT p.event_id FROM event_participants p WHERE p.organization_id = :company AND p.user_id = :person
        UNION
        SELECT p.event_id FROM departments_of(:company, :person) mine (id)
        JOIN event_participants p ON p.organization_id = :company AND p.department_id = mine.id
    ) mine
    JOIN events part ON part.organization_id = :company AND part.id = mine.event_id
    JOIN events e ON e.organization_id = :company AND e.id = coalesce(part.series_id, part.id)
    WHERE NOT e.calendar_id = ANY(:calendars ::uuid[]) AND e.id > CAST(:after AS uuid)
    {_IN_RANGE} ORDER BY e.id LIMIT :limit
""")
_LEVELS = text("SELECT calendar_id, level, is_listed FROM calendar_access(:company, :person) ORDER BY calendar_id")
_TAKES_PART = text("SELECT id FROM unnest(:ids ::uuid[]) AS e (id) WHERE takes_part(:company, :person, id)")
_FIRST_ID = UUID(int=0)
# Plain rows: thousands of objects that only pass by would cost more than writing them.
_COLUMNS = tuple(
    SQLModel.metadata.tables["events"].c[name]
    for name in ("id", "series_id", "calendar_id", "organizer_id", "guests_can_see_guests", *READ)
)


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be written, as `actor` sees it. Without `start`, all there is; else what overlaps [start, until)."""

    actor: Actor
    properties: CalendarProperties
    # The calendars and what the actor may do in each.
    levels: dict[UUID, int]
    # Of a single event; the calendars' otherwise.
    event_id: UUID | None = None
    # Also what the actor takes part in, in calendars that they do not see.
    is_everything: bool = False
    start: datetime | None = None
    until: datetime | None = None
    is_busy_only: bool = False
    # What only this calendar's export brings back.
    components_of: UUID | None = None

    def stream(self, sessions: OpenSession) -> Iterator[bytes]:
        """The text in pieces; each batch in a session of `sessions`, which must have entered the actor's company."""
        yield from write_calendar(self._objects(sessions), self.properties, busy_only=self.is_busy_only)

    def _objects(self, sessions: OpenSession) -> Iterator[WrittenObject | OtherComponent]:
        if self.event_id is not None:
            with sessions() as session:
                found = _Reader(session, self).objects([self.event_id])
            yield from found
            return
        for calendar_id in self.levels:
            yield from self._batches(sessions, _OF_CALENDAR, {"calendar": calendar_id}, "")
        if self.is_everything:
            yield from self._batches(sessions, _ELSEWHERE, {"calendars": list(self.levels)}, str(_FIRST_ID))
        if self.components_of is not None and not self.is_busy_only:
            yield from self._components(sessions, self.components_of)

    def _batches(
        self, sessions: OpenSession, statement: Any, values: dict[str, Any], after: str
    ) -> Iterator[WrittenObject]:
        shift = _DAY_SHIFT if self.start is not None else timedelta()
        bounds = {"start": self.start and self.start - shift, "until": self.until and self.until + shift}
        asked = {"company": self.actor.company, **values, **bounds, "limit": BATCH}
        if statement is _ELSEWHERE:
            asked["person"] = self.actor.user_id
        while True:
            with sessions() as session:
                page = session.execute(statement, {**asked, "after": after}).all()
                found = _Reader(session, self).objects([row.id for row in page]) if page else []
            yield from found
            if len(page) < BATCH:
                return
            after = page[-1].key

    def _components(self, sessions: OpenSession, calendar_id: UUID) -> Iterator[OtherComponent]:
        after = _FIRST_ID
        while True:
            with sessions() as session:
                page = _kept_components(session, self.actor.company, calendar_id, after)
            for row in page:
                body, zones = split_kept(row.text, row.name)
                yield OtherComponent(name=row.name, uid=row.uid, text=body or "", zones=zones)
            if len(page) < BATCH:
                return
            after = page[-1].id


def of_event(session: Session, actor: Actor, event_id: UUID) -> Export:
    """One event, or the series that it is of, as far as the actor sees that.

    Raises:
        NotFound: the actor does not read this event.
    """
    event = event_access.get_event(session, actor, event_id)
    level = event_access.calendar_level(session, actor, event.calendar_id)
    levels = {event.calendar_id: level} if level else {}
    return Export(actor, CalendarProperties(), levels, event_id=event.series_id or event.id)


def of_calendar(session: Session, actor: Actor, calendar_id: UUID, **options: Any) -> Export:
    """One calendar; whoever sees only its busy times gets only those.

    Raises:
        NotFound: the actor does not see the calendar.
    """
    calendar = calendar_service.get_calendar(session, actor, calendar_id)
    level = event_access.calendar_level(session, actor, calendar.id)
    is_whole = level >= LEVELS[ShareLevel.READ] and not options.get("start")
    properties = _properties_of(session, calendar) if is_whole else _own_properties(calendar)
    components_of = calendar.id if is_whole else None
    return Export(actor, properties, {calendar.id: level}, components_of=components_of, **options)


def of_everything(session: Session, actor: Actor, **options: Any) -> Export:
    """All that the actor has in their list of calendars, and takes part in elsewhere."""
    rows = session.execute(_LEVELS, {"company": actor.company, "person": actor.user_id}).all()
    levels = {row.calendar_id: row.level for row in rows if row.is_listed}
    return Export(actor, CalendarProperties(name="Planner"), levels, is_everything=True, **options)


def _properties_of(session: Session, calendar: Calendar) -> CalendarProperties:
    """What a file said of itself when it was imported, and else what the calendar is called."""
    query = select(col(CalendarComponent.text)).where(
        col(CalendarComponent.organization_id) == calendar.organization_id,
        col(CalendarComponent.calendar_id) == calendar.id,
        col(CalendarComponent.name) == "VCALENDAR",
    )
    own = _own_properties(calendar)
    kept = session.execute(query).scalar_one_or_none()
    if kept is None:
        return own
    said = read_properties([line for line in map(parse_line, kept.split("\n")) if line is not None])
    return replace(
        said,
        method=None,
        name=said.name or own.name,
        description=said.description or own.description,
        color=said.color or own.color,
    )


def _own_properties(calendar: Calendar) -> CalendarProperties:
    return CalendarProperties(name=calendar.name, description=calendar.description, color=calendar.color)


def _kept_components(session: Session, company: UUID, calendar_id: UUID, after: UUID) -> Sequence[Row[Any]]:
    query = (
        select(
            col(CalendarComponent.id),
            col(CalendarComponent.name),
            col(CalendarComponent.uid),
            col(CalendarComponent.text),
        )
        .where(
            col(CalendarComponent.organization_id) == company,
            col(CalendarComponent.calendar_id) == calendar_id,
            col(CalendarComponent.name) != "VCALENDAR",
            col(CalendarComponent.id) > after,
        )
        .order_by(col(CalendarComponent.id))
        .limit(BATCH)
    )
    return session.execute(query).all()


@dataclass(slots=True)
class _Reader:
    """Reads the objects of one batch, each row as the actor sees it."""

    session: Session
    export: Export
    rows: dict[UUID, list[Row[Any]]] = field(default_factory=dict)

    def objects(self, series_ids: Sequence[UUID]) -> list[WrittenObject]:
        """The objects of these series and single events, in this order; those of which nothing is seen are left out."""
        company, ids = self.export.actor.company, list(series_ids)
        query = select(*_COLUMNS).where(
            col(Event.organization_id) == company,
            (col(Event.id) == func.any(ids)) | (col(Event.series_id) == func.any(ids)),
        )
        for row in self.session.execute(query.order_by(col(Event.original_start).nulls_first())):
            self.rows.setdefault(row.series_id or row.id, []).append(row)
        everyone = [row for rows in self.rows.values() for row in rows]
        readable = self._readable(everyone)
        people = invited_to(self.session, company, readable)
        hosts = self._hosts({row.organizer_id for row in everyone})
        found = (self._object(self.rows.get(series_id, []), readable, people, hosts) for series_id in ids)
        return [item for items in found for item in items]

    def _object(
        self,
        rows: Sequence[Row[Any]],
        readable: set[UUID],
        people: dict[UUID, list[Invited]],
        hosts: dict[UUID, tuple[str, str | None]],
    ) -> Iterator[WrittenObject]:
        if not rows or rows[0].series_id is not None:
            return
        stamp = max(row.updated_at for row in rows)
        zones = "\n".join(dict.fromkeys(zone for row in rows if (zone := split_kept(row.ical)[1])))
        told = {row.id: data_of(row, self._shown(row, people.get(row.id, [])), hosts[row.organizer_id]) for row in rows}
        master, *overrides = rows
        own = None if master.ical == STANDS_IN else told[master.id]
        sees_time = self.export.levels.get(master.calendar_id, 0) > 0
        if master.id in readable:
            shown = tuple(told[row.id] if row.id in readable else anonymous(told[row.id], row.uid) for row in overrides)
            yield WrittenObject(master=own, overrides=shown, stamp=stamp, zones=zones)
            return
        seen = tuple(told[row.id] for row in overrides if row.id in readable)
        if sees_time:
            hidden = tuple(told[row.id] for row in overrides)
            busy = as_busy(WrittenObject(master=own, overrides=hidden, stamp=stamp))
            if busy.master is not None or busy.overrides:
                yield busy
        elif seen:
            yield WrittenObject(master=None, overrides=seen, stamp=stamp, zones=zones)
        if sees_time and seen:
            uid = str(uuid5(NAMESPACE_OID, f"{master.uid} of a guest"))
            yield WrittenObject(
                master=None, overrides=tuple(replace(data, uid=uid, ical=None) for data in seen), stamp=stamp
            )

    def _readable(self, rows: Sequence[Row[Any]]) -> set[UUID]:
        """The rows whose details the actor reads: the rule of `event_access`, asked in bulk."""
        actor, levels = self.export.actor, self.export.levels
        open_rows = [row for row in rows if actor.sees_private or row.visibility not in CLOSED]
        by_level = {
            row.id
            for row in open_rows
            if row.organizer_id == actor.user_id or levels.get(row.calendar_id, 0) >= DETAILS_FROM[row.visibility]
        }
        others = [row.id for row in open_rows if row.id not in by_level]
        if not others:
            return by_level
        values = {"company": actor.company, "person": actor.user_id, "ids": others}
        return by_level | set(self.session.execute(_TAKES_PART, values).scalars())

    def _shown(self, row: Row[Any], people: list[Invited]) -> list[Invited]:
        """The participants that the actor may see."""
        actor = self.export.actor
        is_host = row.organizer_id == actor.user_id or self.export.levels.get(row.calendar_id, 0) >= LEVELS["write"]  # type: ignore[index]
        if row.guests_can_see_guests or is_host:
            return people
        return [person for person in people if person.user_id == actor.user_id]

    def _hosts(self, ids: set[UUID]) -> dict[UUID, tuple[str, str | None]]:
        query = select(col(User.id), col(User.email), col(User.full_name)).where(
            col(User.organization_id) == self.export.actor.company, col(User.id) == func.any(list(ids))
        )
        return {row.id: (row.email, row.full_name) for row in self.session.execute(query)}
