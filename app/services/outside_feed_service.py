"""Calendars that show a feed from elsewhere: who subscribes, when it is fetched, and what a fetch changes.

The feed is what counts: what came with it is created, what changed is changed, what vanished is deleted. A feed that
says the same costs nothing.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, text
from sqlmodel import Session, col

from app.calendaring.ical.model import CalendarObject, Problem
from app.core import outbound
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests
from app.core.messages import Language, message
from app.core.outbound import Answer, Limits, OutboundError
from app.models.base import now
from app.models.calendar import Calendar
from app.models.interchange import IcsOutcome, OutsideFeed
from app.models.organization import Organization
from app.models.user import User
from app.schemas.calendar import CalendarWrite
from app.schemas.interchange import OutsideFeedRead, OutsideFeedWrite
from app.services import calendar_service, ical_store
from app.services.ics_import_service import BATCH, Item, keep_components, read_items
from app.services.nudges import FEEDS, nudge
from app.services.rows import apply_changes, check_version, flush

log = structlog.get_logger(__name__)

# While a worker is at it, no other one tries.
CLAIM = timedelta(minutes=10)
LONGEST_WAIT = timedelta(days=1)
REFRESH_PAUSE = timedelta(minutes=1)
_NOT_MODIFIED, _OK = 304, 200
_ETAG_MAX_LENGTH, _DATE_MAX_LENGTH = 500, 100


@dataclass(frozen=True, slots=True)
class Fetch:
    """A feed that a worker has taken, and what is known of its last version."""

    company: UUID
    feed_id: UUID
    url: str = field(repr=False)
    etag: str | None
    last_modified: str | None
    digest: str | None
    zone: str


@dataclass(slots=True)
class Fetched:
    """What came of a fetch: an answer with a new version, one without, or an error."""

    answer: Answer | None = None
    error: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    digest: str | None = None

    @property
    def has_news(self) -> bool:
        return self.answer is not None and self.answer.status == _OK and self.digest is not None


def subscribe(session: Session, actor: Actor, data: OutsideFeedWrite) -> tuple[Calendar, OutsideFeed]:
    """A new calendar of the actor that shows a feed; a worker fetches it.

    Raises:
        Invalid: the address is none, or it is to be fetched too often.
        Conflict: the actor has OUTSIDE_FEEDS_PER_USER of them, or CALENDARS_PER_USER calendars.
    """
    company = actor.company
    _check(data.url, data.refresh_minutes)
    mine = select(func.count()).where(
        col(Calendar.organization_id) == company, col(Calendar.owner_id) == actor.user_id, col(Calendar.is_outside)
    )
    limit = get_settings().OUTSIDE_FEEDS_PER_USER
    if session.execute(mine).scalar_one() >= limit:
        raise Conflict("too_many_outside_feeds", limit=limit)
    # Whoever has none yet gets the calendar into which their own events go first.
    calendar_service.default_calendar(session, actor)
    calendar = calendar_service.create_calendar(session, actor, CalendarWrite(name=data.name, color=data.color))
    calendar.is_outside = True
    feed = OutsideFeed(
        organization_id=company, calendar_id=calendar.id, url=data.url, refresh_minutes=data.refresh_minutes
    )
    session.add(feed)
    flush(session)
    nudge(session, FEEDS)
    return calendar, feed


def list_outside(session: Session, actor: Actor) -> list[tuple[Calendar, OutsideFeed]]:
    """The actor's own calendars that show feeds; OUTSIDE_FEEDS_PER_USER at most."""
    query = (
        select(Calendar, OutsideFeed)
        .join(
            OutsideFeed,
            (col(OutsideFeed.organization_id) == col(Calendar.organization_id))
            & (col(OutsideFeed.calendar_id) == col(Calendar.id)),
        )
        .where(col(Calendar.organization_id) == actor.company, col(Calendar.owner_id) == actor.user_id)
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(col(Calendar.name), col(Calendar.id)))]


def get_outside(
    session: Session, actor: Actor, calendar_id: UUID, *, lock: bool = False
) -> tuple[Calendar, OutsideFeed]:
    """A calendar with its feed, for its owner: the address may be a secret.

    Raises:
        NotFound: the actor does not see the calendar, or it shows no feed.
        Forbidden: it is somebody else's.
    """
    calendar = calendar_service.get_calendar(session, actor, calendar_id, lock=lock)
    query = select(OutsideFeed).where(
        col(OutsideFeed.organization_id) == calendar.organization_id, col(OutsideFeed.calendar_id) == calendar.id
    )
    feed = session.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if feed is None:
        raise NotFound("outside_feed_not_found")
    if calendar.owner_id != actor.user_id:
        raise Forbidden("not_calendar_owner")
    return calendar, feed


def change(
    session: Session, actor: Actor, calendar_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> tuple[Calendar, OutsideFeed]:
    """Change what is sent; another address is fetched at once.

    Raises:
        Invalid: the address is none, or it is to be fetched too often.
    """
    calendar, feed = get_outside(session, actor, calendar_id, lock=True)
    check_version(feed, if_match)
    _check(values.get("url", feed.url), values.get("refresh_minutes", feed.refresh_minutes))
    if apply_changes(calendar, {name: values[name] for name in ("name", "color") if name in values}):
        feed.version += 1
    changed = apply_changes(feed, {name: values[name] for name in ("url", "refresh_minutes") if name in values})
    if "url" in changed:
        feed.etag = feed.last_modified = feed.digest = None
    if changed:
        feed.next_at = now()
        nudge(session, FEEDS)
    flush(session)
    return calendar, feed


def refresh(session: Session, actor: Actor, calendar_id: UUID) -> tuple[Calendar, OutsideFeed]:
    """Have the feed fetched now.

    Raises:
        TooManyRequests: it was fetched less than a minute ago.
    """
    calendar, feed = get_outside(session, actor, calendar_id, lock=True)
    if feed.checked_at is not None and (left := feed.checked_at + REFRESH_PAUSE - now()) > timedelta():
        raise TooManyRequests("refresh_too_soon", retry_after=left.seconds + 1)
    feed.next_at = now()
    flush(session)
    nudge(session, FEEDS)
    return calendar, feed


def told(calendar: Calendar, feed: OutsideFeed, language: Language) -> OutsideFeedRead:
    """The calendar's feed as its owner reads it."""
    own = {"id": calendar.id, "name": calendar.name, "color": calendar.color}
    names = OutsideFeedRead.model_fields.keys() - {*own, "error_detail"}
    values = {name: getattr(feed, name) for name in names}
    detail = message(feed.error, language, feed.error_params) if feed.error else None
    return OutsideFeedRead(**own, **values, error_detail=detail)


def companies_with_due_feeds(session: Session) -> list[UUID]:
    """The companies that have a feed to fetch."""
    return list(session.execute(text("SELECT companies_with_due_feeds()")).scalars())


def claim_next(session: Session, company: UUID) -> Fetch | None:
    """Take the feed of the entered company that has waited longest; None if none is due that nobody else fetches."""
    query = (
        select(OutsideFeed, func.coalesce(col(User.time_zone), col(Organization.time_zone)))
        .join(
            Calendar,
            (col(Calendar.organization_id) == col(OutsideFeed.organization_id))
            & (col(Calendar.id) == col(OutsideFeed.calendar_id)),
        )
        .join(User, col(User.id) == col(Calendar.owner_id))
        .join(Organization, col(Organization.id) == col(Calendar.organization_id))
        .where(col(OutsideFeed.organization_id) == company, col(OutsideFeed.next_at) <= now())
        .order_by(col(OutsideFeed.next_at))
        .limit(1)
        .with_for_update(of=OutsideFeed, skip_locked=True)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    feed, zone = found
    feed.next_at = now() + CLAIM
    flush(session)
    return Fetch(company, feed.id, feed.url, feed.etag, feed.last_modified, feed.digest, zone)


def fetch(work: Fetch, *, resolve: outbound.Resolve = outbound.resolve) -> Fetched:
    """Ask the feed's server, with what is known of the last version; outside of any transaction. Never raises."""
    headers = {"Accept": "text/calendar", "User-Agent": "Planner"}
    if work.etag:
        headers["If-None-Match"] = work.etag
    if work.last_modified:
        headers["If-Modified-Since"] = work.last_modified
    try:
        limits = Limits.of_settings(get_settings().OUTSIDE_FEED_MAX_BYTES)
        answer = outbound.request("GET", work.url, limits, headers=headers, resolve=resolve)
    except OutboundError as error:
        return Fetched(error=error.code, params=error.params)
    if answer.status == _NOT_MODIFIED:
        return Fetched(answer)
    if answer.status != _OK:
        return Fetched(error="feed_status", params={"status": answer.status})
    if b"BEGIN:VCALENDAR" not in answer.body[:4096].upper():
        return Fetched(error="feed_not_a_calendar")
    digest = hashlib.sha256(answer.body).hexdigest()
    return Fetched(answer, digest=None if digest == work.digest else digest)


def batches(work: Fetch, fetched: Fetched) -> Iterator[list[Item]]:
    """What the new version holds."""
    assert fetched.answer is not None
    items = read_items(fetched.answer.body, work.zone)
    while batch := list(islice(items, BATCH)):
        yield batch


def store_batch(session: Session, work: Fetch, items: list[Item]) -> tuple[set[str], int] | None:
    """Store a batch; the UIDs in it, and how many parts could not be taken. None when the calendar is gone."""
    feed = session.get(OutsideFeed, (work.company, work.feed_id))
    if feed is None or feed.url != work.url:
        return None
    calendar = session.get_one(Calendar, (work.company, feed.calendar_id), with_for_update={"key_share": True})
    objects = [item for item in items if isinstance(item, CalendarObject)]
    results = ical_store.store(session, calendar, calendar.owner_id, objects, is_mirror=True)
    keep_components(session, calendar, items)
    problems = sum(result.outcome == IcsOutcome.REFUSED for result in results)
    problems += sum(isinstance(item, Problem) and item.refused for item in items)
    return {item.uid for item in objects}, problems


def delete_vanished(session: Session, work: Fetch, uids: Collection[str]) -> bool:
    """Delete some of what is not in the feed any more; whether there may be more of it."""
    feed = session.get(OutsideFeed, (work.company, work.feed_id))
    if feed is None or feed.url != work.url:
        return False
    calendar = session.get_one(Calendar, (work.company, feed.calendar_id))
    return bool(ical_store.delete_others(session, calendar, uids))


def note(session: Session, work: Fetch, fetched: Fetched, problems: int | None = None) -> None:
    """Note how the fetch went, and when the next one is. After failures the waits double, up to a day."""
    feed = session.get(OutsideFeed, (work.company, work.feed_id), with_for_update=True)
    if feed is None or feed.url != work.url:
        return
    pause = timedelta(minutes=feed.refresh_minutes)
    feed.checked_at = now()
    if fetched.error is not None:
        feed.failures += 1
        feed.error, feed.error_params = fetched.error, fetched.params
        pause = max(pause, min(pause * 2 ** min(feed.failures, 16), LONGEST_WAIT))
        log.info("feed_failed", error=fetched.error, url=outbound.shown_url(work.url), failures=feed.failures)
    else:
        assert fetched.answer is not None
        feed.failures, feed.error, feed.error_params = 0, None, {}
        feed.fetched_at = feed.checked_at
        if fetched.answer.moved_to is not None and len(fetched.answer.moved_to) <= outbound.URL_MAX_LENGTH:
            feed.url = fetched.answer.moved_to
        if fetched.answer.status == _OK:
            feed.etag = _short(fetched.answer.headers.get("etag"), _ETAG_MAX_LENGTH)
            feed.last_modified = _short(fetched.answer.headers.get("last-modified"), _DATE_MAX_LENGTH)
        if fetched.digest is not None:
            feed.digest = fetched.digest
        if problems is not None:
            feed.problems = problems
    feed.next_at = feed.checked_at + pause
    flush(session)


def _check(url: str, refresh_minutes: int) -> None:
    try:
        outbound.parse_url(url)
    except OutboundError as error:
        raise Invalid(error.code, field="url") from error
    least = get_settings().OUTSIDE_FEED_MIN_MINUTES
    if refresh_minutes < least:
        raise Invalid("refresh_too_often", field="refresh_minutes", minutes=least)


def _short(value: str | None, length: int) -> str | None:
    """A validator that can be stored and sent again; a longer one is forgotten."""
    return value if value is not None and len(value) <= length and value.isprintable() else None
