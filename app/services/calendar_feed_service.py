"""Secret feed addresses: under one of them, a program reads what its owner may see at that moment."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlmodel import Session, col

from app.calendaring.zones import TZDATA_VERSION
from app.core import tenancy
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.ids import new_id
from app.core.secret_tokens import SecretToken
from app.models.base import now
from app.models.interchange import CalendarFeed, FeedDetail
from app.models.organization import Organization
from app.models.user import User
from app.services import calendar_service, ical_export_service
from app.services.actors import actor_for
from app.services.ical_export_service import Export
from app.services.rows import flush, get_visible

# Everything that a feed's text depends on, besides what it is asked for: a few numbers for each kind of row.
_STATE = text("""
    WITH mine AS MATERIALIZED (
        SELECT e.id, e.version, e.updated_at FROM events e
        WHERE e.organization_id = :company AND e.calendar_id = ANY(:calendars ::uuid[])
        UNION ALL
        SELECT e.id, e.version, e.updated_at FROM (
            SELECT p.event_id FROM event_participants p
            WHERE :is_everything AND p.organization_id = :company AND p.user_id = :person
            UNION
            SELECT p.event_id FROM departments_of(:company, :person) mine (id)
            JOIN event_participants p ON p.organization_id = :company AND p.department_id = mine.id
            WHERE :is_everything
        ) invited
        JOIN events e ON e.organization_id = :company AND e.id = invited.event_id
        WHERE NOT e.calendar_id = ANY(:calendars ::uuid[])
    )
    SELECT (SELECT row(count(*), sum(version), max(updated_at))::text FROM mine),
           (SELECT max(updated_at) FROM mine),
           (SELECT row(count(*), sum(hashtext(row(p.id, p.role, p.response, p.name)::text)::bigint))::text
            FROM event_participants p JOIN mine ON mine.id = p.event_id WHERE p.organization_id = :company),
           (SELECT row(count(*), sum(version), max(updated_at))::text FROM calendars
            WHERE organization_id = :company AND id = ANY(:calendars ::uuid[])),
           (SELECT row(count(*), max(id::text))::text FROM calendar_components
            WHERE organization_id = :company AND calendar_id = ANY(:calendars ::uuid[])),
           (SELECT string_agg(id::text, ',' ORDER BY id) FROM departments_of(:company, :person) d (id))
""")


@dataclass(frozen=True, slots=True)
class Feed:
    """What a secret address shows. `etag` is for its very bytes; `changed_at` is when the newest event changed."""

    export: Export
    etag: str
    changed_at: datetime | None


def visible_to(actor: Actor) -> Select[CalendarFeed]:
    """The actor's own feeds: nobody else's, whatever their role."""
    return select(CalendarFeed).where(
        col(CalendarFeed.organization_id) == actor.company, col(CalendarFeed.user_id) == actor.user_id
    )


def list_feeds(session: Session, actor: Actor, calendar_id: UUID | None) -> list[CalendarFeed]:
    """The actor's feeds of a calendar; of all that they see, when none is named. FEEDS_PER_USER at most."""
    if calendar_id is not None:
        calendar_service.get_calendar(session, actor, calendar_id)
    query = visible_to(actor).where(col(CalendarFeed.calendar_id).is_not_distinct_from(calendar_id))
    return list(session.execute(query.order_by(col(CalendarFeed.created_at), col(CalendarFeed.id))).scalars())


def create_feed(
    session: Session, actor: Actor, calendar_id: UUID | None, detail: FeedDetail
) -> tuple[CalendarFeed, str]:
    """A new feed of a calendar that the actor sees, or of all that they see; and its address, told this once.

    Raises:
        NotFound: the actor does not see the calendar.
        Forbidden: somebody acts for the actor, who must not leave an address behind that outlives that.
        Conflict: the actor has FEEDS_PER_USER feeds.
    """
    company = actor.company
    if calendar_id is not None:
        calendar_service.get_calendar(session, actor, calendar_id)
    if actor.delegate_id is not None:
        raise Forbidden("feed_not_for_delegates")
    limit = get_settings().FEEDS_PER_USER
    if session.execute(select(func.count()).select_from(visible_to(actor).subquery())).scalar_one() >= limit:
        raise Conflict("too_many_feeds", limit=limit)
    token = SecretToken.new(company, new_id())
    feed = CalendarFeed(
        organization_id=company,
        id=token.object_id,
        user_id=actor.user_id,
        calendar_id=calendar_id,
        detail=detail,
        token_hash=token.hash,
    )
    session.add(feed)
    flush(session)
    return feed, f"{get_settings().public_url}/api/v1/feeds/{token.encoded()}.ics"


def revoke_feed(session: Session, actor: Actor, feed_id: UUID) -> None:
    """Let an address be worth nothing from now on."""
    session.delete(get_visible(session, visible_to(actor), feed_id, "feed_not_found", lock=True))
    flush(session)


def open_feed(session: Session, token: str) -> Feed:
    """What is under a secret address, for a session that has entered no company yet.

    Raises:
        NotFound: the address is wrong or revoked, its owner is not active, or does not see the calendar any more.
    """
    feed = _by_token(session, token)
    actor = _owner(session, feed)
    settings = get_settings()
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    options: dict[str, Any] = {
        "start": today - timedelta(days=settings.FEED_PAST_DAYS),
        "until": today + timedelta(days=settings.FEED_FUTURE_DAYS),
        "is_busy_only": feed.detail == FeedDetail.FREE_BUSY,
    }
    if feed.calendar_id is None:
        export = ical_export_service.of_everything(session, actor, **options)
    else:
        try:
            export = ical_export_service.of_calendar(session, actor, feed.calendar_id, **options)
        except NotFound as error:
            raise NotFound("feed_not_found") from error
    if export.is_busy_only:
        # What a calendar is called may tell as much as an event's title.
        export = replace(export, properties=replace(export.properties, description=None))
    values = {
        "company": actor.company,
        "person": actor.user_id,
        "calendars": list(export.levels),
        "is_everything": export.is_everything,
    }
    state = session.execute(_STATE, values).one()
    known = (*state, sorted(export.levels.items()), export.properties, options, actor.role, TZDATA_VERSION)
    digest = hashlib.sha256(repr(known).encode()).hexdigest()[:32]
    changed_at: datetime | None = state[1]
    return Feed(export, f'"{digest}"', changed_at.astimezone(UTC) if changed_at else None)


def _by_token(session: Session, text: str) -> CalendarFeed:
    token = SecretToken.read(text)
    if token is None:
        raise NotFound("feed_not_found")
    tenancy.enter(session, token.company)
    query = select(CalendarFeed).where(
        col(CalendarFeed.organization_id) == token.company, col(CalendarFeed.id) == token.object_id
    )
    feed: CalendarFeed | None = session.execute(query).scalar_one_or_none()
    if feed is None or not token.has_hash(feed.token_hash):
        raise NotFound("feed_not_found")
    return feed


def _owner(session: Session, feed: CalendarFeed) -> Actor:
    query = (
        select(User, Organization)
        .join(Organization, col(Organization.id) == col(User.organization_id))
        .where(
            col(User.organization_id) == feed.organization_id,
            col(User.id) == feed.user_id,
            col(User.is_active),
            col(Organization.deleted_at).is_(None),
        )
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("feed_not_found")
    user, organization = found
    return actor_for(user, organization)
