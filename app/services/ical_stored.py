"""What a calendar holds of some UIDs, read in bulk: rows, overrides and participants, to compare a file with."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.calendaring.ical.model import CalendarObject, EventData
from app.models.calendar import Calendar
from app.models.event import Event
from app.models.participant import EventParticipant
from app.models.user import User
from app.services.ical_rows import STANDS_IN, Invited, data_of, means_the_same, original_start, split_kept

# Lines that every export writes anew, whether anything changed or not.
_VOLATILE = re.compile(r"^(?:DTSTAMP|LAST-MODIFIED)[;:].*\n?", re.MULTILINE)
_STAMP = re.compile(r"^DTSTAMP[^:\n]*:(\d{8}T\d{6})Z", re.MULTILINE)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Stored:
    """A series or single event as rows, its overrides by original start."""

    series: Event
    overrides: dict[datetime, Event] = field(default_factory=dict)
    participants: dict[UUID, list[Invited]] = field(default_factory=dict)

    @property
    def stands_in(self) -> bool:
        return self.series.ical == STANDS_IN

    def row_for(self, data: EventData) -> Event | None:
        """The row that the component is about."""
        return self.series if data.recurrence_id is None else self.overrides.get(original_start(data))

    def is_equal_to(self, item: CalendarObject) -> bool:
        """Whether the file has nothing to say that was not stored from it, or means what is stored.

        What people changed here since then stays: the file did not change.
        """
        components = components_of(item)
        rows = [self.row_for(data) for data in components]
        if item.master is not None and len(components) != 1 + len(self.overrides):
            return False
        return all(
            row is not None and self._is_equal(row, data) for row, data in zip(rows, components, strict=True)
        ) and not (item.master is not None and self.stands_in)

    def is_newer_than(self, item: CalendarObject) -> bool:
        """Whether what is stored has a higher SEQUENCE, or the same and a later DTSTAMP (RFC 5546 §2.1.5)."""
        if item.master is not None and self.stands_in:
            return False
        pairs = [(self.row_for(data), data) for data in components_of(item)]
        return any(
            (row.sequence, stamp_of(row)) > (data.sequence, data.stamp or _LONG_AGO)
            for row, data in pairs[:1]
            if row is not None
        )

    def _is_equal(self, row: Event, data: EventData) -> bool:
        kept = split_kept(row.ical)[0]
        if kept is not None and data.ical is not None:
            return _VOLATILE.sub("", kept) == _VOLATILE.sub("", data.ical)
        people = self.participants.get(row.id, [])
        # Made here, so whoever the file names as organizer is so here.
        host = data.organizer or ("", None)
        return means_the_same(data_of(row, people, host), data)


def stamp_of(row: Event) -> datetime:
    """When the text that is stored was written; of an event that was made here, when it was changed last."""
    match = _STAMP.search(row.ical or "")
    if match is None:
        return row.updated_at
    try:
        return datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return _LONG_AGO


def components_of(item: CalendarObject) -> list[EventData]:
    """The components of an object, the master first."""
    return [*([] if item.master is None else [item.master]), *item.overrides]


def load_stored(session: Session, calendar: Calendar, uids: Collection[str]) -> dict[str, Stored]:
    """What the calendar has of these UIDs, locked until the end of the transaction."""
    if not uids:
        return {}
    mine = (col(Event.organization_id) == calendar.organization_id, col(Event.calendar_id) == calendar.id)
    query = select(Event).where(*mine, col(Event.uid) == func.any(list(uids)), col(Event.series_id).is_(None))
    found = {row.uid: Stored(row) for row in session.execute(query.with_for_update(of=Event, key_share=True)).scalars()}
    if not found:
        return {}
    by_id = {stored.series.id: stored for stored in found.values()}
    overrides = select(Event).where(
        col(Event.organization_id) == calendar.organization_id, col(Event.series_id) == func.any(list(by_id))
    )
    for row in session.execute(overrides).scalars():
        assert row.series_id is not None
        assert row.original_start is not None
        by_id[row.series_id].overrides[row.original_start] = row
        by_id[row.id] = by_id[row.series_id]
    for event_id, people in invited_to(session, calendar.organization_id, by_id).items():
        by_id[event_id].participants[event_id] = people
    return found


def invited_to(session: Session, organization_id: UUID, event_ids: Iterable[UUID]) -> dict[UUID, list[Invited]]:
    """The people and outside guests of events, in the order in which they were invited; departments have no address."""
    query = (
        select(
            col(EventParticipant.event_id),
            col(EventParticipant.id),
            col(EventParticipant.user_id),
            func.coalesce(col(User.email), col(EventParticipant.email)),
            func.coalesce(col(EventParticipant.name), col(User.full_name)),
            col(EventParticipant.role),
            col(EventParticipant.response),
        )
        .outerjoin(
            User,
            (col(User.organization_id) == col(EventParticipant.organization_id))
            & (col(User.id) == col(EventParticipant.user_id)),
        )
        .where(
            col(EventParticipant.organization_id) == organization_id,
            col(EventParticipant.event_id) == func.any(list(event_ids)),
            col(EventParticipant.department_id).is_(None),
        )
        .order_by(col(EventParticipant.id))
    )
    found: dict[UUID, list[Invited]] = {}
    for event_id, *values in session.execute(query):
        found.setdefault(event_id, []).append(Invited(*values))
    return found


def colleagues_by_email(session: Session, organization_id: UUID, emails: Collection[str]) -> dict[str, UUID]:
    """The active people of the company who have these addresses."""
    if not emails:
        return {}
    query = select(col(User.email), col(User.id)).where(
        col(User.organization_id) == organization_id, col(User.is_active), col(User.email) == func.any(list(emails))
    )
    return {row.email: row.id for row in session.execute(query)}
