"""From the objects of a file to the rows that they ask for, as plain values: nothing is written here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from app.calendaring.ical.model import Attendee, CalendarObject, EventData
from app.calendaring.series import Occurrence
from app.core.ids import new_id
from app.models.base import now
from app.models.calendar import Calendar
from app.models.event import Event
from app.models.participant import ParticipantResponse
from app.services import occurrence_service
from app.services.event_times import EventTimes, as_instant, checked_series
from app.services.ical_rows import (
    EMAIL_MAX_LENGTH,
    NAME_MAX_LENGTH,
    STANDS_IN,
    TIMES,
    Invited,
    columns_of,
    data_of,
    kept_text,
    original_start,
    stand_in,
    times_of,
)
from app.services.ical_stored import Stored

# What says when occurrences take place: a change of any makes their rows anew.
_SCHEDULE = tuple(name for name in TIMES if name != "tzdata_version")
# Of an event that is there already, a file does not decide these.
_OURS = (
    *("organizer_id", "room_id", "sent_by_id", "created_at"),
    *("guests_can_see_guests", "guests_can_invite", "guests_can_change"),
)
_NEW: dict[str, Any] = {
    "version": 1,
    "room_id": None,
    "sent_by_id": None,
    "guests_can_see_guests": True,
    "guests_can_invite": False,
    "guests_can_change": False,
    "series_id": None,
    "original_start": None,
    "expanded_until": None,
}

_NOTHING: dict[str, Any] = {"span": None}

Row = dict[str, Any]


@dataclass
class Batch:
    """The rows that some objects of a file ask for. New events are organized by the colleague `host_id`."""

    calendar: Calendar
    host_id: UUID
    colleagues: Mapping[str, UUID]
    new_events: list[dict[str, Any]] = field(default_factory=list)
    changed_events: list[dict[str, Any]] = field(default_factory=list)
    gone_events: list[UUID] = field(default_factory=list)
    new_participants: list[dict[str, Any]] = field(default_factory=list)
    changed_participants: list[dict[str, Any]] = field(default_factory=list)
    gone_participants: list[UUID] = field(default_factory=list)
    # Series all of whose occurrences are written anew, and single instances that are.
    rescheduled: list[UUID] = field(default_factory=list)
    gone_instances: list[tuple[UUID, datetime]] = field(default_factory=list)
    # Series, event, original start, start and end.
    occurrences: list[tuple[UUID, UUID, datetime, datetime, datetime]] = field(default_factory=list)
    moment: datetime = field(default_factory=now)
    # What planning occurrences fills in. Never stored: making one for each event costs more than all the rest.
    scratch_event: Event = field(default_factory=lambda: Event(**_NOTHING))

    def scratch(self, start_time: datetime) -> Event:
        """The event that planning fills in, for one that begins at this instant."""
        self.scratch_event.start_time = start_time
        return self.scratch_event

    def own(self) -> Row:
        """The columns that each row of the batch has in common."""
        return {
            "organization_id": self.calendar.organization_id,
            "calendar_id": self.calendar.id,
            "organizer_id": self.host_id,
            "created_at": self.moment,
            "updated_at": self.moment,
        }


def plan_object(batch: Batch, item: CalendarObject, present: Stored | None) -> None:
    """Note the rows of a whole object: the series, each override, participants, occurrences.

    Raises:
        Invalid: it cannot be stored; nothing of it is noted then.
    """
    overrides = item.overrides if item.master is not None else _with_known_instances(item, present)
    master = item.master or stand_in(overrides)
    times = times_of(master)
    series = checked_series(times, start_must_match=False)
    event = _event(batch, master, times, present)
    planned = occurrence_service.plan(batch.scratch(times.start_time), series)
    event["span"], event["expanded_until"] = batch.scratch_event.span, batch.scratch_event.expanded_until
    rows = [_override(batch, event["id"], master.uid, data, present) for data in overrides]
    zoned = rows[0] if event["ical"] == STANDS_IN else event
    zoned["ical"] = kept_text(zoned["ical"], item.zones)
    is_rescheduled = present is None or _is_rescheduled(event, rows, present)
    for row, data in zip((event, *rows), (master, *overrides), strict=True):
        _note(batch, row, data, present, is_rescheduled=is_rescheduled)
    if present is not None:
        kept = {row["original_start"] for row in rows}
        batch.gone_events += [row.id for start, row in present.overrides.items() if start not in kept]
        if is_rescheduled:
            batch.rescheduled.append(event["id"])
    if is_rescheduled:
        _note_occurrences(batch, event["id"], planned, rows)


def plan_instances(batch: Batch, item: CalendarObject, present: Stored) -> None:
    """Note the rows of single instances of a series that is there: each becomes an override, or changes one.

    Raises:
        Invalid: one of them cannot be stored; nothing of the object is noted then.
    """
    series = present.series
    rows = [_override(batch, series.id, series.uid, data, present) for data in item.overrides]
    for row, data in zip(rows, item.overrides, strict=True):
        row["ical"] = kept_text(row["ical"], item.zones)
        _note(batch, row, data, present, is_rescheduled=True)
        batch.gone_instances.append((series.id, row["original_start"]))
    _note_occurrences(batch, series.id, (), rows)


def _note_occurrences(batch: Batch, series_id: UUID, planned: Iterable[Occurrence], rows: Sequence[Row]) -> None:
    """The instances of a series; an override replaces the one it names, or is one more (rule 10)."""
    found = {
        as_instant(occurrence.original_start): (series_id, as_instant(occurrence.start), as_instant(occurrence.end))
        for occurrence in planned
    }
    for row in rows:
        found[row["original_start"]] = (row["id"], row["start_time"], row["end_time"])
    batch.occurrences += [(series_id, event, original, start, end) for original, (event, start, end) in found.items()]


def _with_known_instances(item: CalendarObject, present: Stored | None) -> tuple[EventData, ...]:
    """The instances of a file without their series, and those that came before."""
    if present is None:
        return item.overrides
    named = {original_start(data) for data in item.overrides}
    known = (
        replace(data_of(row, present.participants.get(row.id, ()), ("", None)), ical=row.ical)
        for start, row in present.overrides.items()
        if start not in named
    )
    return (*item.overrides, *known)


def _event(batch: Batch, data: EventData, times: EventTimes, present: Stored | None) -> Row:
    row = {**_NEW, **columns_of(data, times), **batch.own(), "id": present.series.id if present else new_id()}
    if present is not None:
        row["sequence"] = max(data.sequence, present.series.sequence)
    return row


def _override(batch: Batch, series_id: UUID, uid: str, data: EventData, present: Stored | None) -> Row:
    times = times_of(replace(data, rule=None, exdates=(), rdates=()))
    start = original_start(data)
    known = present.overrides.get(start) if present else None
    row = {**_NEW, **columns_of(data, times), **batch.own(), "id": known.id if known else new_id()}
    row.update(uid=uid, series_id=series_id, original_start=start)
    row["span"] = Range(times.start_time, times.end_time, bounds="[]")
    if known is not None:
        row["sequence"] = max(data.sequence, known.sequence)
    return row


def _is_rescheduled(event: Row, rows: Sequence[Row], present: Stored) -> bool:
    if any(event[name] != getattr(present.series, name) for name in _SCHEDULE):
        return True
    stored = {(row.original_start, row.start_time, row.end_time) for row in present.overrides.values()}
    return stored != {(row["original_start"], row["start_time"], row["end_time"]) for row in rows}


def _note(batch: Batch, row: Row, data: EventData, present: Stored | None, *, is_rescheduled: bool) -> None:
    """Note the row of an event and those of its participants. With its times, its room is given up."""
    known = present.row_for(data) if present else None
    if known is None:
        batch.new_events.append(row)
    else:
        row.update((name, getattr(known, name)) for name in _OURS)
        row["version"] = known.version + 1
        if is_rescheduled:
            row["room_id"] = None
        batch.changed_events.append(row)
    invited = {_key(person): person for person in present.participants.get(row["id"], ())} if present else {}
    wanted = _participants(batch, data.attendees)
    batch.gone_participants += [person.id for key, person in invited.items() if key not in wanted]
    for key, (person, user_id) in wanted.items():
        _note_participant(batch, row, person, user_id, invited.get(key))


def _note_participant(batch: Batch, row: Row, person: Attendee, user_id: UUID | None, known: Invited | None) -> None:
    name = person.name[:NAME_MAX_LENGTH] if person.name else None
    said: dict[str, str | None] = {"name": name, "role": person.role, "response": person.response}
    if known is None:
        own = {"event_id": row["id"], "user_id": user_id, "email": None if user_id else person.email}
        company = {"organization_id": row["organization_id"], "id": new_id(), "created_at": batch.moment}
        batch.new_participants.append({**company, **own, "span": row["span"], **said})
        return
    if said["response"] == ParticipantResponse.NEEDS_ACTION:
        # Who has answered here is not asked again by a file that does not know the answer.
        said["response"] = known.response
    if said != {"name": known.name, "role": known.role, "response": known.response}:
        batch.changed_participants.append({"organization_id": row["organization_id"], "id": known.id, **said})


def _participants(batch: Batch, attendees: Sequence[Attendee]) -> dict[UUID | str, tuple[Attendee, UUID | None]]:
    wanted: dict[UUID | str, tuple[Attendee, UUID | None]] = {}
    for person in attendees:
        if len(person.email) <= EMAIL_MAX_LENGTH:
            user_id = batch.colleagues.get(person.email)
            wanted.setdefault(user_id or person.email, (person, user_id))
    return wanted


def _key(person: Invited) -> UUID | str:
    return person.user_id or person.email
