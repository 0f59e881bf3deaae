"""The daily mail: what is on today, and what was told in the application and not read since the last one."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.calendaring.zones import get_zone, utc_to_wall, wall_to_utc
from app.core.actor import Actor
from app.models.base import now
from app.models.notification import DigestSettings, Notification, NotificationChannel, NotificationType
from app.schemas.notification import DigestRead, DigestWrite
from app.services import outbox_service
from app.services.calendar_service import lock_people
from app.services.notification_choices import Reader, readers_of
from app.services.outbox_service import Mail, MailTemplate
from app.services.rows import flush

DIGESTS_A_BATCH = 100
LINES_MAX = 50
_DAY = timedelta(days=1)
# What somebody organizes or takes part in and has not declined, on a day: an instant each way, and as a date.
_AGENDA = text("""
    WITH mine AS MATERIALIZED (
        SELECT e.id FROM events e
        WHERE e.organization_id = :company AND e.organizer_id = :person AND e.span && tstzrange(:since, :until)
        UNION
        SELECT p.event_id FROM event_participants p
        WHERE p.organization_id = :company AND p.user_id = :person AND p.span && tstzrange(:since, :until)
        UNION
        SELECT p.event_id FROM departments_of(:company, :person) d (id)
        JOIN event_participants p ON p.organization_id = :company AND p.department_id = d.id
             AND p.span && tstzrange(:since, :until)
    )
    SELECT o.starts_at, o.ends_at, e.is_all_day, e.title, coalesce(r.name, e.location) AS place
    FROM mine m
    JOIN event_occurrences o ON o.organization_id = :company AND o.event_id = m.id
         AND o.starts_at < :until AND o.starts_at >= :since - interval '31 days'
    JOIN events e ON e.organization_id = :company AND e.id = m.id AND e.status <> 'cancelled'
    LEFT JOIN rooms r ON r.organization_id = :company AND r.id = e.room_id
    WHERE CASE WHEN e.is_all_day THEN o.starts_at < :day_end AND o.ends_at > :day_start
               ELSE o.starts_at < :ends AND o.ends_at > :begins END
      AND NOT EXISTS (
          SELECT FROM event_participants d WHERE d.organization_id = :company AND d.event_id = m.id
             AND d.user_id = :person AND d.response = 'declined'
      )
    ORDER BY e.is_all_day DESC, o.starts_at, e.title LIMIT :limit
""")


def read_digest(session: Session, actor: Actor) -> DigestRead:
    """When the actor gets their daily mail; all null where they get none."""
    row = session.get(DigestSettings, (actor.company, actor.user_id))
    return DigestRead(at=None, days=[]) if row is None else DigestRead(at=row.at, days=row.days)


def set_digest(session: Session, actor: Actor, data: DigestWrite) -> DigestRead:
    """Set when the actor gets their daily mail, or with `at` null have none."""
    lock_people(session, actor.company, {actor.user_id})
    row = session.get(DigestSettings, (actor.company, actor.user_id))
    if data.at is None:
        if row is not None:
            session.delete(row)
        flush(session)
        return read_digest(session, actor)
    days = sorted(set(data.days))
    values: dict[str, Any] = {"at": data.at, "days": days, "due_at": next_due(data.at, days, actor.time_zone, now())}
    if row is None:
        session.add(DigestSettings(organization_id=actor.company, user_id=actor.user_id, told_until=now(), **values))
    else:
        row.sqlmodel_update(values)
    flush(session)
    return read_digest(session, actor)


def companies_due(session: Session) -> list[UUID]:
    """The companies with daily mails to write now."""
    return list(session.execute(text("SELECT companies_with_digests_due()")).scalars())


def send_next(session: Session, company: UUID) -> int:
    """Write up to DIGESTS_A_BATCH mails that are due in the entered company; how many were looked at."""
    query = (
        select(DigestSettings)
        .where(col(DigestSettings.organization_id) == company, col(DigestSettings.due_at) <= now())
        .order_by(col(DigestSettings.due_at))
        .limit(DIGESTS_A_BATCH)
        .with_for_update(skip_locked=True)
    )
    rows: Sequence[DigestSettings] = session.execute(query).scalars().all()
    readers = readers_of(session, company, {row.user_id for row in rows}) if rows else {}
    mails = []
    for row in rows:
        reader = readers.get(row.user_id)
        if reader is not None and (mail := _mail(session, company, reader, row.told_until)) is not None:
            mails.append(mail)
        row.told_until = now()
        # Whoever is not active now may be again.
        row.due_at = next_due(row.at, row.days, reader.time_zone if reader else "UTC", now())
    session.flush()
    outbox_service.enqueue(session, company, mails)
    return len(rows)


def next_due(at: time, days: Sequence[int], zone: str, after: datetime) -> datetime:
    """The next instant after one at which the clock in an IANA zone shows `at`, on one of these ISO weekdays."""
    tz = get_zone(zone)
    day = utc_to_wall(after, tz).date()
    while True:
        instant = wall_to_utc(datetime.combine(day, at), tz)
        if instant > after and day.isoweekday() in days:
            return instant
        day += _DAY


def _mail(session: Session, company: UUID, reader: Reader, told_until: datetime) -> Mail | None:
    today = utc_to_wall(now(), get_zone(reader.time_zone)).date()
    agenda = _agenda(session, company, reader, datetime.combine(today, time()))
    news = _news(session, company, reader, told_until)
    if not agenda and not news:
        return None
    values = {
        "today": f"{today.isoformat()}T00:00:00+00:00",
        "time_zone": reader.time_zone,
        "agenda": agenda[:LINES_MAX],
        "news": news[:LINES_MAX],
        "has_more_agenda": "yes" if len(agenda) > LINES_MAX else None,
        "has_more_news": "yes" if len(news) > LINES_MAX else None,
    }
    return Mail(MailTemplate.DIGEST, reader.email, reader.language, values)


def _agenda(session: Session, company: UUID, reader: Reader, midnight: datetime) -> list[str]:
    zone = get_zone(reader.time_zone)
    begins, ends = wall_to_utc(midnight, zone), wall_to_utc(midnight + _DAY, zone)
    day_start, day_end = midnight.replace(tzinfo=UTC), (midnight + _DAY).replace(tzinfo=UTC)
    values: dict[str, Any] = {
        "company": company,
        "person": reader.user_id,
        "begins": begins,
        "ends": ends,
        "day_start": day_start,
        "day_end": day_end,
        "since": min(begins, day_start),
        "until": max(ends, day_end),
        "limit": LINES_MAX + 1,
    }
    lines = []
    for row in session.execute(_AGENDA, values):
        start, end = (utc_to_wall(instant, zone) for instant in (row.starts_at, row.ends_at))
        # Of what began before today or ends after it, the other end would mislead.
        hours = "" if row.is_all_day else f"{_hour(start, midnight)}–{_hour(end, midnight)} "
        lines.append(f"{hours}{row.title}{f', {row.place}' if row.place else ''}")
    return lines


def _hour(wall: datetime, midnight: datetime) -> str:
    return f"{wall:%H:%M}" if midnight <= wall < midnight + _DAY else "…"


def _news(session: Session, company: UUID, reader: Reader, told_until: datetime) -> list[str]:
    """What was told since and is not read, the newest first; reminders are over by now."""
    query = (
        select(Notification)
        .where(
            col(Notification.organization_id) == company,
            col(Notification.user_id) == reader.user_id,
            col(Notification.read_at).is_(None),
            col(Notification.created_at) > told_until,
            col(Notification.type) != NotificationType.REMINDER,
        )
        .order_by(col(Notification.created_at).desc(), col(Notification.id).desc())
        .limit(10 * LINES_MAX)
    )
    return [
        row.title
        for row in session.execute(query).scalars()
        if reader.wants(NotificationType(row.type), NotificationChannel.DIGEST, row.calendar_id)
    ]
