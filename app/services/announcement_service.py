"""Telling colleagues: in the application, by mail and on their devices, as each of them wants it.

Everything that people are told goes through `announce`. Guests from outside have no choices; whoever invites them
writes their mails.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from app.core.spoken_times import SpokenTime
from app.core.texts.notices import NOTICES, REASONS
from app.models.base import now
from app.models.notification import Notification, NotificationChannel, NotificationReason, NotificationType
from app.services import outbox_service, push_subscriptions
from app.services.bulk_rows import insert_rows
from app.services.live_people import people_change
from app.services.notification_choices import Reader, readers_of
from app.services.outbox_service import About, Mail, MailTemplate, MailValue, Push
from app.services.rows import flush

TITLE_MAX = 1000


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail besides the notification: the reader's zone is added to its values, which may depend on who reads."""

    template: MailTemplate
    values: Mapping[str, MailValue] | Callable[[Reader], Mapping[str, MailValue]]
    itip_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing that colleagues are told.

    Args:
        text: which line of `core.texts.notices`; `params` fill it, times in the reader's zone and language.
        mail: what is sent to those who want mail; without it, the line itself.
        about: the event that it is about; a later one takes the place of what gathers and nobody has read.
        ticket_id: or the ticket.
        channels: only these; None for all that the reader wants.
        is_urgent: it makes no sense later, so it comes through in quiet hours.
    """

    type: NotificationType
    reason: NotificationReason
    people: Collection[UUID]
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    mail: MailText | None = None
    about: About | None = None
    calendar_id: UUID | None = None
    original_start: datetime | None = None
    ticket_id: UUID | None = None
    url: str | None = None
    channels: frozenset[NotificationChannel] | None = None
    is_urgent: bool = False


def announce(session: Session, company: UUID, announcements: Iterable[Announcement]) -> None:
    """Write what colleagues are told; it leaves after the commit. Who is not active any more is told nothing."""
    listed = [announcement for announcement in announcements if announcement.people]
    people = {person for announcement in listed for person in announcement.people}
    if not people:
        return
    readers = readers_of(session, company, people)
    browsers = push_subscriptions.of_people(session, company, readers)
    notifications: list[Notification] = []
    messages: list[Mail | Push] = []
    for announcement in listed:
        for person in sorted(set(announcement.people)):
            if (reader := readers.get(person)) is None:
                continue
            told = _told(company, announcement, reader)
            if _wants(announcement, reader, NotificationChannel.IN_APP):
                notifications.append(told)
            if _wants(announcement, reader, NotificationChannel.MAIL):
                messages.append(_mail(announcement, reader, told))
            if person in browsers and _wants(announcement, reader, NotificationChannel.PUSH):
                messages += (_push(announcement, reader, told, browser) for browser in browsers[person])
    _forget_outdated(session, company, listed)
    flush(session)
    insert_rows(session, Notification, [told.model_dump(exclude={"read_at", "xid"}) for told in notifications])
    people_change(session, {told.user_id for told in notifications})
    outbox_service.enqueue(session, company, messages)


def line(text: str, params: Mapping[str, Any], zone: str, language: str) -> str:
    """A line of `core.texts.notices` in the language, with times in the zone."""
    which = 1 if language == "ru" else 0
    filled = {
        name: value.told(zone, language)
        if isinstance(value, SpokenTime)
        else value[which]
        if isinstance(value, tuple)
        else value
        for name, value in params.items()
    }
    return " ".join(NOTICES[text][which].format_map(filled).split())


def _wants(announcement: Announcement, reader: Reader, channel: NotificationChannel) -> bool:
    is_offered = announcement.channels is None or channel in announcement.channels
    return is_offered and reader.wants(announcement.type, channel, announcement.calendar_id)


def _told(company: UUID, announcement: Announcement, reader: Reader) -> Notification:
    reasons = REASONS[announcement.reason]
    text = line(announcement.text, announcement.params, reader.time_zone, reader.language)
    return Notification(
        organization_id=company,
        user_id=reader.user_id,
        type=announcement.type,
        reason=announcement.reason,
        title=text if len(text) <= TITLE_MAX else f"{text[: TITLE_MAX - 2]} …",
        body=None if len(text) <= TITLE_MAX else text,
        reason_text=reasons[1 if reader.language == "ru" else 0],
        event_id=announcement.about.event_id if announcement.about else None,
        calendar_id=announcement.calendar_id,
        original_start=announcement.original_start,
        ticket_id=announcement.ticket_id,
        url=announcement.url,
    )


def _mail(announcement: Announcement, reader: Reader, told: Notification) -> Mail:
    text = announcement.mail or MailText(
        MailTemplate.NOTICE, {"title": told.title, "reason": told.reason_text, "url": announcement.url}
    )
    values = text.values(reader) if callable(text.values) else text.values
    return Mail(
        text.template,
        reader.email,
        reader.language,
        {**values, "time_zone": reader.time_zone, "reason_text": told.reason_text},
        about=_thread_of(announcement),
        itip_id=text.itip_id,
        due_at=_due_at(announcement, reader),
    )


def _thread_of(announcement: Announcement) -> About | None:
    """What its mails belong to, and leave in the order of."""
    if announcement.ticket_id is not None:
        return About(announcement.ticket_id, announcement.ticket_id, replaces=False)
    return announcement.about


def _push(announcement: Announcement, reader: Reader, told: Notification, browser: UUID) -> Push:
    values = {
        "id": str(told.id),
        "type": told.type,
        "title": told.title,
        "body": told.reason_text,
        "url": told.url,
        "event_id": None if told.event_id is None else str(told.event_id),
        "ticket_id": None if told.ticket_id is None else str(told.ticket_id),
    }
    return Push(
        browser,
        told.type,
        reader.language,
        values,
        # A push says all that one before it said of the same event.
        about=announcement.about and replace(announcement.about, gathers=False, replaces=False),
        due_at=_due_at(announcement, reader),
    )


def _due_at(announcement: Announcement, reader: Reader) -> datetime | None:
    return None if announcement.is_urgent else reader.quiet_until(now())


def _forget_outdated(session: Session, company: UUID, announcements: Iterable[Announcement]) -> None:
    """Unread news of an event that newer news says all of. In the order of ids, so that two never wait in a circle."""
    for announcement in announcements:
        if announcement.about is not None and announcement.about.replaces:
            outdated = (
                select(col(Notification.id))
                .where(
                    col(Notification.organization_id) == company,
                    col(Notification.event_id) == announcement.about.event_id,
                    col(Notification.read_at).is_(None),
                    col(Notification.user_id) == func.any(list(announcement.people)),
                    col(Notification.type) == NotificationType.EVENT_CHANGED,
                )
                .order_by(col(Notification.id))
                .with_for_update()
            )
            ids = list(session.execute(outdated).scalars())
            if ids:
                session.execute(
                    delete(Notification)
                    .where(col(Notification.organization_id) == company, col(Notification.id) == func.any(ids))
                    .execution_options(synchronize_session=False)
                )
