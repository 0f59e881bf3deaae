"""Search in events: by words of title, people, place and description, only in what the actor reads in details."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.hot import HotStatement, fetch_rows, hot_statement, snapshot
from app.models.base import now
from app.models.event import Event
from app.schemas.event_search import EventHitRead, EventSearchQuery
from app.services.event_access import reads_details_sql
from app.services.event_times import as_instant
from app.services.rows import PageRequest, decode_cursor, encode_cursor
from app.services.unstored_occurrences import beyond, overridden
from app.services.windows import Window, resolve_moment

# Of more events that fit, so many are ranked.
CANDIDATES = 5000
# Of more series whose next occurrence has no row yet, so many are expanded, those first that fit best.
EXPANDED = 200
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
CURSOR_TYPES = (datetime, int, UUID)

_PHRASE = re.compile(r'"([^"]*)"?')
_WORD = re.compile(r"[^\W_]+")
# A beginning of one letter would be in every event.
_PREFIX_MIN_LENGTH = 2

_READS = reads_details_sql("e.id IN (SELECT event_id FROM mine)")
# Of those who may not see the guests, nobody finds out by a filter.
_SEES_GUESTS = """
    (e.guests_can_see_guests OR e.organizer_id = %(user_id)s OR coalesce(a.level, 0) >= 3
     OR %(participant_id)s = %(user_id)s)
"""
# The nearest occurrence in the window: the next one, or else the last one.
_NEAREST = """
    SELECT o.starts_at, o.ends_at FROM (
        (SELECT o.starts_at, o.ends_at FROM event_occurrences o
         WHERE o.organization_id = %(company)s AND o.event_id = e.id
           AND o.starts_at >= greatest(%(now)s, w.since) AND o.starts_at < w.until
         ORDER BY o.starts_at LIMIT 1)
        UNION ALL
        (SELECT o.starts_at, o.ends_at FROM event_occurrences o
         WHERE o.organization_id = %(company)s AND o.event_id = e.id
           AND o.starts_at < least(%(now)s, w.until) AND (o.ends_at > w.since OR o.starts_at >= w.since)
         ORDER BY o.starts_at DESC LIMIT 1)
        UNION ALL
        SELECT u.starts_at, u.ends_at FROM unstored u WHERE u.id = e.id
    ) o ORDER BY o.starts_at < %(now)s LIMIT 1
"""
# What the asker sees, and what they ask for.
_ASKER = """
access AS MATERIALIZED (
    SELECT calendar_id, level FROM calendar_access(%(company)s, %(user_id)s)
), mine AS MATERIALIZED (
    SELECT event_id FROM event_participants WHERE organization_id = %(company)s AND user_id = %(user_id)s
    UNION ALL
    SELECT p.event_id FROM departments_of(%(company)s, %(user_id)s) d (id)
    JOIN event_participants p ON p.department_id = d.id AND p.organization_id = %(company)s
), asked AS MATERIALIZED (
    SELECT event_query(%(words)s::text[], %(phrases)s::text[]) AS query
)
"""
# What fits, and may be told.
_FITTING = f"""
    FROM asked
    JOIN event_words s ON s.organization_id = %(company)s AND s.document @@ asked.query
    JOIN events e ON e.organization_id = %(company)s AND e.id = s.event_id
    LEFT JOIN access a ON a.calendar_id = e.calendar_id
    WHERE {_READS}
      AND (%(calendar_id)s::uuid IS NULL OR e.calendar_id = %(calendar_id)s)
      AND (%(organizer_id)s::uuid IS NULL OR e.organizer_id = %(organizer_id)s)
      AND (%(room_id)s::uuid IS NULL OR e.room_id = %(room_id)s)
      AND (%(participant_id)s::uuid IS NULL
           OR {_SEES_GUESTS} AND takes_part(%(company)s, %(participant_id)s, e.id))
      AND (%(has_attachments)s::boolean IS NULL OR %(has_attachments)s = EXISTS (
          SELECT FROM event_attachments f
          WHERE f.organization_id = %(company)s AND f.event_id = coalesce(e.series_id, e.id)))
"""
# The window as it counts for an event: an all-day one has dates.
_BOUNDS = """
    SELECT CASE WHEN e.is_all_day THEN %(from_day)s ELSE %(from)s END::timestamptz AS since,
           CASE WHEN e.is_all_day THEN %(until_day)s ELSE %(until)s END::timestamptz AS until
"""
# Series whose next occurrence in the window, if there is one, has no row yet.
UNSTORED_SQL: HotStatement = hot_statement(f"""
WITH {_ASKER}
SELECT e.id {_FITTING} AND e.expanded_until IS NOT NULL AND NOT EXISTS (
    SELECT FROM event_occurrences o CROSS JOIN LATERAL ({_BOUNDS}) w
    WHERE o.organization_id = %(company)s AND o.event_id = e.id
      AND o.starts_at >= greatest(%(now)s, w.since) AND o.starts_at < w.until
) AND e.expanded_until < (SELECT until FROM ({_BOUNDS}) w)
ORDER BY ts_rank(s.document, asked.query) DESC, e.id
LIMIT {EXPANDED}
""")
SEARCH_SQL: HotStatement = hot_statement(f"""
WITH {_ASKER}, unstored AS MATERIALIZED (
    SELECT * FROM unnest(%(unstored)s::uuid[], %(unstored_starts)s::timestamptz[], %(unstored_ends)s::timestamptz[])
        unstored (id, starts_at, ends_at)
), fitting AS MATERIALIZED (
    SELECT e.id, e.series_id, e.is_all_day, ts_rank(s.document, asked.query) AS rank {_FITTING} LIMIT {CANDIDATES}
), placed AS (
    SELECT DISTINCT ON (coalesce(f.series_id, f.id)) f.id, o.starts_at, o.ends_at,
           (f.rank * 1000000 * (0.5 + 15 / (30 + abs(extract(epoch FROM o.starts_at - %(now)s)) / 86400)))::int AS rank
    FROM fitting f
    CROSS JOIN LATERAL ({_BOUNDS.replace("e.is_all_day", "f.is_all_day")}) w
    CROSS JOIN LATERAL ({_NEAREST.replace("e.id", "f.id")}) o
    ORDER BY coalesce(f.series_id, f.id), rank DESC, f.id
), page AS MATERIALIZED (
    SELECT * FROM placed
    WHERE %(after_rank)s::int IS NULL OR (rank, id) < (%(after_rank)s::int, %(after_id)s::uuid)
    ORDER BY rank DESC, id DESC
    LIMIT %(limit)s + 1
)
SELECT e.id, e.series_id, e.title, ts_headline('pg_catalog.russian'::regconfig, left(e.description, 10000), asked.query,
           'StartSel="", StopSel="", MaxWords=30, MinWords=10') AS snippet,
       e.location, p.starts_at, p.ends_at, e.time_zone, e.is_all_day, e.is_recurring OR e.series_id IS NOT NULL,
       e.status, e.calendar_id, e.organizer_id, e.room_id, p.rank
FROM page p JOIN events e ON e.organization_id = %(company)s AND e.id = p.id CROSS JOIN asked
ORDER BY p.rank DESC, p.id DESC
""")


def search_events(
    session: Session, actor: Actor, query: EventSearchQuery, page: PageRequest
) -> tuple[list[EventHitRead], str | None]:
    """A page of what fits, the best first, and the cursor of the next page or None.

    Whatever its rank depends on is fixed by the cursor, the present moment too: later pages continue the first.

    Raises:
        Invalid: the window or the cursor is not acceptable.
    """
    moment, after_rank, after_id = decode_cursor(page.cursor, CURSOR_TYPES) if page.cursor else (now(), None, None)
    words, phrases = read_query(query.q)
    window = _window(actor, query)
    asked = {
        "company": actor.company,
        "user_id": actor.user_id,
        "sees_private": actor.sees_private,
        "words": words,
        "phrases": phrases,
        "now": moment,
        "from": window.start,
        "until": window.end,
        "from_day": window.start_day,
        "until_day": window.end_day,
        **query.model_dump(include={"calendar_id", "organizer_id", "participant_id", "room_id", "has_attachments"}),
        "after_rank": after_rank,
        "after_id": after_id,
        "limit": page.limit,
    }
    # Rows and rules are read from one snapshot: the nightly extension turns the one into the other.
    with snapshot(session):
        asked |= _beyond_the_horizon(session, actor, window, asked)
        found = [_hit(row) for row in fetch_rows(session, SEARCH_SQL, asked)]
    shown = found[: page.limit]
    more = len(found) > page.limit
    return shown, encode_cursor([moment, shown[-1].rank, shown[-1].id]) if more else None


def read_query(text: str) -> tuple[list[str], list[str]]:
    """The words, as `event_query` of migration 0010 takes them, and the quoted phrases of what somebody typed."""
    plain = text.lower().replace("ё", "е")
    phrases = [" ".join(words) for phrase in _PHRASE.findall(plain) if (words := _WORD.findall(phrase))]
    words = list(dict.fromkeys(_WORD.findall(_PHRASE.sub(" ", plain))))
    # The last word may not be finished, unless something else was typed after it.
    tail = plain[max((phrase.end() for phrase in _PHRASE.finditer(plain)), default=0) :].rstrip()
    if words and tail.endswith(words[-1]) and len(words[-1]) >= _PREFIX_MIN_LENGTH:
        words[-1] += ":*"
    return words, phrases


def _window(actor: Actor, query: EventSearchQuery) -> Window:
    zone = query.time_zone or actor.time_zone
    start = resolve_moment(query.start, zone, "from") if query.start is not None else EARLIEST
    end = resolve_moment(query.end, zone, "to") if query.end is not None else LATEST
    if end <= start:
        raise Invalid("window_needs_order", field="from")
    return Window(start=start, end=end, zone=zone)


def _beyond_the_horizon(session: Session, actor: Actor, window: Window, asked: dict[str, Any]) -> dict[str, list[Any]]:
    """The first occurrences in the window of series that have none in it among the rows to come, as SEARCH_SQL asks."""
    ids = [event_id for (event_id,) in fetch_rows(session, UNSTORED_SQL, asked)]
    found: list[tuple[UUID, datetime, datetime]] = []
    if ids:
        here = col(Event.organization_id) == actor.company
        events = list(session.execute(select(Event).where(here, col(Event.id).in_(ids))).scalars())
        own_rows = overridden(session, actor, events)
        for event in events:
            for occurrence in beyond(event, window):
                if (event.id, as_instant(occurrence.original_start)) not in own_rows:
                    found.append((event.id, as_instant(occurrence.start), as_instant(occurrence.end)))
                    break
    names = ("unstored", "unstored_starts", "unstored_ends")
    return {name: [row[place] for row in found] for place, name in enumerate(names)}


def _hit(row: tuple[Any, ...]) -> EventHitRead:
    values = dict(zip(EventHitRead.model_fields, row, strict=True))
    if values["is_all_day"]:
        values["start_time"] = values["start_time"].astimezone(UTC).date()
        values["end_time"] = values["end_time"].astimezone(UTC).date()
    values["snippet"] = values["snippet"] or None
    return EventHitRead(**values)
