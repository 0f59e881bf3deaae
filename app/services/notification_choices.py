"""How people want to be told: the choices that are stored, and what holds where nothing is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.models.notification import (
    NotificationChannel,
    NotificationChoice,
    NotificationSettings,
    NotificationType,
)
from app.models.organization import Organization
from app.models.user import User
from app.services.quiet_hours import QuietHours

# Comments would fill mailboxes.
OFF_BY_DEFAULT = frozenset({(NotificationType.COMMENT, NotificationChannel.MAIL)})


def is_on_by_default(type_: NotificationType, channel: NotificationChannel) -> bool:
    """What holds for somebody who has chosen nothing."""
    return (type_, channel) not in OFF_BY_DEFAULT


@dataclass(frozen=True, slots=True)
class Reader:
    """An active colleague, and how they want to be told."""

    user_id: UUID
    email: str
    name: str | None
    time_zone: str
    language: str
    choices: Mapping[tuple[str, str, UUID | None], bool]
    quiet_hours: QuietHours | None

    def wants(self, type_: NotificationType, channel: NotificationChannel, calendar_id: UUID | None) -> bool:
        """Their choice for the calendar, else for everything, else what holds for everybody."""
        for key in ((type_, channel, calendar_id), (type_, channel, None)):
            if key in self.choices:
                return self.choices[key]
        return is_on_by_default(type_, channel)

    def quiet_until(self, instant: datetime) -> datetime | None:
        """When the quiet hours are over that hold at an instant; None where none hold."""
        return None if self.quiet_hours is None else self.quiet_hours.over_at(instant, self.time_zone)


def readers_of(session: Session, company: UUID, people: Collection[UUID]) -> dict[UUID, Reader]:
    """Those of these people who are active, by id."""
    ids = list(people)
    choices: dict[UUID, dict[tuple[str, str, UUID | None], bool]] = {}
    chosen = select(NotificationChoice).where(
        col(NotificationChoice.organization_id) == company, col(NotificationChoice.user_id) == func.any(ids)
    )
    for row in session.execute(chosen).scalars():
        choices.setdefault(row.user_id, {})[(row.type, row.channel, row.calendar_id)] = row.is_on
    query = (
        select(
            col(User.id),
            col(User.email),
            col(User.full_name),
            func.coalesce(col(User.time_zone), col(Organization.time_zone)).label("time_zone"),
            func.coalesce(col(User.language), col(Organization.locale)).label("language"),
            NotificationSettings,
        )
        .join(Organization, col(Organization.id) == col(User.organization_id))
        .outerjoin(
            NotificationSettings,
            (col(NotificationSettings.organization_id) == col(User.organization_id))
            & (col(NotificationSettings.user_id) == col(User.id)),
        )
        .where(col(User.organization_id) == company, col(User.id) == func.any(ids), col(User.is_active))
    )
    found = {}
    for row in session.execute(query):
        settings: NotificationSettings | None = row.NotificationSettings
        found[row.id] = Reader(
            user_id=row.id,
            email=row.email,
            name=row.full_name,
            time_zone=row.time_zone,
            language="ru" if row.language == "ru" else "en",
            choices=choices.get(row.id, {}),
            quiet_hours=_quiet_hours(settings),
        )
    return found


def _quiet_hours(settings: NotificationSettings | None) -> QuietHours | None:
    return None if settings is None else QuietHours(settings.quiet_from, settings.quiet_to, settings.quiet_days)
