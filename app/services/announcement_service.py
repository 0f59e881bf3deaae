"""Telling colleagues: in the application, by mail and on their devices, as each of them wants it.

Everything that people are told goes through `announce`. Guests from outside have no choices; whoever invites them
writes their mails.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.core.live import publisher
from app.core.spoken_times import SpokenTime
from app.core.texts.notices import NOTICES, REASONS
from app.models.base import now
from app.models.notification import (
    ChannelChoice,
    Notification,
    NotificationChannel,
    NotificationReason,
    NotificationType,
    PushSubscription,
)
from app.services import outbox_service
from app.services.notification_choices import Reader, readers_of
from app.services.nudges import after_commit
from app.services.outbox_service import About, Mail, MailTemplate, Push
from app.services.rows import flush


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail besides the notification: the reader's zone is added to its values."""

    template: MailTemplate
    values: Mapping[str, str | None]
    itip_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing that colleagues are told.

    Args:
        text: which line of `core.texts.notices`; `params` fill it, times in the reader's zone and language.
        mail: what is sent to those who want mail; without it, the line itself.
        about: the event that it is about; a later one takes the place of what gathers and nobody has read.
        channels: only these; None for all that the reader wants.
        is_urgent: it makes no sense later, so it comes through in quiet hours and is in no digest.
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
    url: str | None = None
    channels: frozenset[NotificationChannel] | None = None
    is_urgent: bool = False


def channel_of(company: UUID, person: UUID) -> str:
    """The name under which it is told that somebody has news."""
    return f"person:{company}:{person}"


def announce(session: Session, company: UUID, announcements: Iterable[Announcement]) -> None:
    """Write what colleagues are told; it leaves after the commit. Who is not active any more is told nothing."""
    listed = [announcement for announcement in announcements if announcement.people]
    people = {person for announcement in listed for person in announcement.people}
    if not people:
        return
    readers = readers_of(session, company, people)
    devices = _devices(session, company, readers)
    notifications: list[Notification] = []
    mails: list[Mail] = []
    pushes: list[Push] = []
    for announcement in listed:
        for person in sorted(set(announcement.people)):
            if (reader := readers.get(person)) is None:
                continue
            told = _told(company, announcement, reader)
            if told.is_shown or told.in_digest:
                notifications.append(told)
            if _wants(announcement, reader, NotificationChannel.MAIL) is ChannelChoice.ON:
                mails.append(_mail(announcement, reader, told))
            if _wants(announcement, reader, NotificationChannel.PUSH) is ChannelChoice.ON:
                pushes += [_push(announcement, reader, told, device) for device in devices.get(person, ())]
    _forget_outdated(session, company, listed)
    session.add_all(notifications)
    flush(session)
    outbox_service.enqueue(session, company, mails)
    outbox_service.enqueue_pushes(session, company, pushes)
    tell_streams(session, company, {told.user_id for told in notifications if told.is_shown})


def tell_streams(session: Session, company: UUID, people: Collection[UUID]) -> None:
    """Once the session's transaction is committed, wake whoever streams these people's notifications."""
    names = frozenset(channel_of(company, person) for person in people)
    if names:
        after_commit(session, lambda: publisher.publish(names))


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


def _wants(announcement: Announcement, reader: Reader, channel: NotificationChannel) -> ChannelChoice:
    if announcement.channels is not None and channel not in announcement.channels:
        return ChannelChoice.OFF
    choice = reader.choice(announcement.type, channel, announcement.calendar_id)
    if choice is ChannelChoice.DIGEST and (announcement.is_urgent or not reader.has_digest):
        return ChannelChoice.ON
    return choice


def _told(company: UUID, announcement: Announcement, reader: Reader) -> Notification:
    reasons = REASONS[announcement.reason]
    return Notification(
        organization_id=company,
        user_id=reader.user_id,
        type=announcement.type,
        reason=announcement.reason,
        title=line(announcement.text, announcement.params, reader.time_zone, reader.language)[:1000],
        reason_text=reasons[1 if reader.language == "ru" else 0],
        event_id=announcement.about.event_id if announcement.about else None,
        calendar_id=announcement.calendar_id,
        original_start=announcement.original_start,
        url=announcement.url,
        is_shown=_wants(announcement, reader, NotificationChannel.IN_APP) is ChannelChoice.ON,
        in_digest=_wants(announcement, reader, NotificationChannel.MAIL) is ChannelChoice.DIGEST,
    )


def _mail(announcement: Announcement, reader: Reader, told: Notification) -> Mail:
    text = announcement.mail or MailText(
        MailTemplate.NOTICE, {"title": told.title, "reason": told.reason_text, "url": announcement.url}
    )
    return Mail(
        text.template,
        reader.email,
        reader.language,
        {**text.values, "time_zone": reader.time_zone},
        user_id=reader.user_id,
        about=announcement.about,
        itip_id=text.itip_id,
        due_at=_due_at(announcement, reader),
    )


def _push(announcement: Announcement, reader: Reader, told: Notification, device: UUID) -> Push:
    values = {
        "id": str(told.id) if told.is_shown else None,
        "type": told.type,
        "title": told.title,
        "reason": told.reason_text,
        "event_id": None if told.event_id is None else str(told.event_id),
        "url": told.url,
    }
    return Push(device, reader.user_id, reader.language, values, announcement.about, _due_at(announcement, reader))


def _due_at(announcement: Announcement, reader: Reader) -> datetime | None:
    if announcement.is_urgent and (announcement.type is not NotificationType.REMINDER or reader.reminders_pass):
        return None
    return reader.quiet_until(now())


def _forget_outdated(session: Session, company: UUID, announcements: Iterable[Announcement]) -> None:
    """Unread news of an event that newer news says all of."""
    for announcement in announcements:
        if announcement.about is not None and announcement.type in (
            NotificationType.EVENT_CHANGED,
            NotificationType.EVENT_CANCELLED,
        ):
            session.execute(
                delete(Notification)
                .where(
                    col(Notification.organization_id) == company,
                    col(Notification.user_id).in_(announcement.people),
                    col(Notification.event_id) == announcement.about.event_id,
                    col(Notification.type) == NotificationType.EVENT_CHANGED,
                    col(Notification.read_at).is_(None),
                )
                .execution_options(synchronize_session=False)
            )


def _devices(session: Session, company: UUID, people: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    query = select(col(PushSubscription.user_id), col(PushSubscription.id)).where(
        col(PushSubscription.organization_id) == company, col(PushSubscription.user_id).in_(people)
    )
    found: dict[UUID, list[UUID]] = {}
    for person, device in session.execute(query):
        found.setdefault(person, []).append(device)
    return found
