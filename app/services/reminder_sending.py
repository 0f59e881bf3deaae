"""Sending the reminders that are due, each once: what is told and that it was told are one transaction (rule 22).

Whether somebody is still to be reminded is asked again at that moment: who has left, declined or been deactivated is
not, nor of what was cancelled or has moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from app.core.spoken_times import SpokenTime
from app.models.event import Event
from app.models.notification import NotificationChannel, NotificationReason, NotificationType
from app.services.announcement_service import Announcement, MailText, announce
from app.services.outbox_service import About, MailTemplate
from app.services.reminder_planning import DEFAULTS, grace
from app.services.reminder_sql import OCCURRENCE, wanted

REMINDERS_A_BATCH = 1000
_REASONS = {1: NotificationReason.ORGANIZER, 2: NotificationReason.PARTICIPANT, 3: NotificationReason.ASKED}
_KEY = ("series_id", "original_start", "user_id", "minutes", "channel")
_DUE = """
    SELECT series_id, original_start, user_id, minutes, channel, starts_at FROM due_reminders
    WHERE organization_id = :company AND sent_at IS NULL AND due_at <= now() {which}
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
"""
_ALL_DUE = text(_DUE.format(which=""))
_DUE_OF_SERIES = text(_DUE.format(which="AND series_id = ANY(:series)"))
_CLAIMED = f"""
    SELECT {OCCURRENCE} FROM unnest(:series ::uuid[], :originals ::timestamptz[]) AS claimed (series_id, original_start)
    JOIN event_occurrences o ON o.organization_id = :company AND o.series_id = claimed.series_id
         AND o.original_start = claimed.original_start
"""
_STILL_WANTED = text(f"""
    {wanted(_CLAIMED, "AND c.user_id = ANY(:people)")}
    SELECT w.*, e.title, e.location, e.calendar_id, e.series_id IS NOT NULL OR e.is_recurring AS is_recurring,
           r.name AS room
    FROM wanted w
    JOIN events e ON e.organization_id = :company AND e.id = w.event_id
    LEFT JOIN rooms r ON r.organization_id = :company AND r.id = e.room_id
    WHERE w.begins_at > now() OR w.due_at > :grace
""")
_FORGET = text("""
    DELETE FROM due_reminders d
    USING unnest(:series ::uuid[], :originals ::timestamptz[], :people ::uuid[], :minutes ::int[], :channels ::text[])
        AS k (series_id, original_start, user_id, minutes, channel)
    WHERE d.organization_id = :company AND d.series_id = k.series_id AND d.original_start = k.original_start
      AND d.user_id = k.user_id AND d.minutes = k.minutes AND d.channel = k.channel
""")
_NOTE = text("""
    UPDATE due_reminders d SET sent_at = now()
    FROM unnest(:series ::uuid[], :originals ::timestamptz[], :people ::uuid[], :minutes ::int[], :channels ::text[])
        AS k (series_id, original_start, user_id, minutes, channel)
    WHERE d.organization_id = :company AND d.series_id = k.series_id AND d.original_start = k.original_start
      AND d.user_id = k.user_id AND d.minutes = k.minutes AND d.channel = k.channel
""")


def companies_due(session: Session) -> list[UUID]:
    """The companies with reminders that are due."""
    return list(session.execute(text("SELECT companies_with_reminders_due()")).scalars())


def send_next(session: Session, company: UUID, event_id: UUID | None = None) -> tuple[int, bool]:
    """Send a batch of what is due in the entered company, or only of one event or series; how many, and whether there
    may be more.
    """
    values: dict[str, Any] = {"company": company, "limit": REMINDERS_A_BATCH}
    if event_id is None:
        due = session.execute(_ALL_DUE, values).all()
    else:
        row = session.get(Event, (company, event_id))
        series = {event_id} if row is None else {row.series_id or row.id}
        due = session.execute(_DUE_OF_SERIES, {**values, "series": list(series)}).all()
    if not due:
        return 0, False
    found = _still_wanted(session, company, due)
    to_send = [found[_key(row)] for row in due if _key(row) in found and found[_key(row)].starts_at == row.starts_at]
    sent = set(map(_key, to_send))
    session.execute(_FORGET, _keys(company, [row for row in due if _key(row) not in sent]))
    session.execute(_NOTE, _keys(company, to_send))
    announce(session, company, _announcements(to_send))
    return len(to_send), len(due) == REMINDERS_A_BATCH


def _still_wanted(session: Session, company: UUID, due: Sequence[Row[Any]]) -> Mapping[tuple[Any, ...], Row[Any]]:
    values = {
        "company": company,
        "series": [row.series_id for row in due],
        "originals": [row.original_start for row in due],
        "people": list({row.user_id for row in due}),
        "grace": grace(),
        **DEFAULTS,
    }
    return {_key(row): row for row in session.execute(_STILL_WANTED, values)}


def _key(row: Row[Any]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _KEY)


def _keys(company: UUID, rows: Sequence[Row[Any]]) -> dict[str, Any]:
    names = ("series", "originals", "people", "minutes", "channels")
    columns = zip(*map(_key, rows), strict=True) if rows else ((),) * len(names)
    return {"company": company, **{name: list(column) for name, column in zip(names, columns, strict=True)}}


def _announcements(rows: Iterable[Row[Any]]) -> list[Announcement]:
    """One for all who are told the same by the same channel for the same reason."""
    together: dict[tuple[Any, ...], list[Row[Any]]] = {}
    for row in rows:
        together.setdefault((row.series_id, row.original_start, row.channel, row.reason), []).append(row)
    return [_announcement(same) for same in together.values()]


def _announcement(rows: Sequence[Row[Any]]) -> Announcement:
    row = rows[0]
    place = row.room or row.location
    when = SpokenTime(row.starts_at, row.is_all_day)
    mail = {
        "title": row.title,
        "start": row.starts_at.isoformat(),
        "all_day": "yes" if row.is_all_day else None,
        "location": row.location,
        "room": row.room,
    }
    return Announcement(
        type=NotificationType.REMINDER,
        reason=_REASONS[row.reason],
        people=[each.user_id for each in rows],
        text="reminder_at" if place else "reminder",
        params={"title": row.title, "when": when, "place": place},
        mail=MailText(MailTemplate.REMINDER, mail),
        about=About(row.event_id, row.series_id, replaces=False),
        calendar_id=row.calendar_id,
        original_start=row.original_start if row.is_recurring else None,
        channels=frozenset({NotificationChannel(row.channel)}),
        is_urgent=True,
    )
