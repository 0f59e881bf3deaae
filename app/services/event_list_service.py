"""Occurrences in a window, across every calendar that the actor sees: the most read list of all.

One statement, built once; PostgreSQL builds the JSON. It finds occurrences in three ways, each an index scan whose
cost follows the size of the answer and not the age of the calendar:

- in the calendars that the actor sees, those of up to a day, by their start;
- in these calendars, the longer ones, by their time range;
- elsewhere, those of events in which the actor takes part, by the events' spans.
"""

import json
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from sqlmodel import Session

from app.calendaring.series import Occurrence
from app.core.actor import Actor
from app.core.hot import HotStatement, fetch_row, hot_statement, snapshot
from app.models.event import Event, EventStatus
from app.schemas.event import OccurrenceRead
from app.services.event_access import DETAILS_FROM_SQL
from app.services.event_times import as_instant
from app.services.json_rows import DATE, INSTANT, json_columns, page_json
from app.services.rows import PageRequest, decode_cursor, encode_cursor
from app.services.unstored_occurrences import list_unstored
from app.services.windows import Window, check_window

CURSOR_TYPES = (datetime, UUID, datetime)

# An all-day occurrence is stored at 00:00 UTC of its dates, and compared with the viewer's dates (rule 7).
_OVERLAPS = """
    CASE WHEN o.is_all_day
         THEN o.starts_at < %(until_day)s AND o.ends_at > %(from_day)s
         ELSE o.starts_at < %(until)s
              AND (o.ends_at > %(from)s OR (o.ends_at = o.starts_at AND o.starts_at >= %(from)s))
    END
"""


# Whether the actor may know only that the time is taken. Who takes part is asked only where the calendar does not say.
_HIDDEN = f"""
    (seen.level < {DETAILS_FROM_SQL.format(visibility="e.visibility")} AND e.organizer_id <> %(user_id)s
     AND NOT takes_part(%(organization_id)s, %(user_id)s, e.id)
     OR NOT %(sees_private)s AND e.visibility IN ('private', 'confidential'))
"""
# Every event is looked up once, where its occurrence is found.
_FOUND = f"""
    o.series_id, o.original_start, o.starts_at, o.ends_at, e.id, e.title, e.description, e.time_zone, e.location,
    e.calendar_id, e.organizer_id, e.room_id, e.is_all_day, e.is_recurring OR e.series_id IS NOT NULL AS is_recurring,
    e.status, e.transparency, CASE WHEN e.is_all_day THEN '{DATE}' ELSE '{INSTANT}' END AS form
"""


HIDDEN_TEXTS = ("title", "description", "time_zone", "location", "organizer_id")


def _unless_hidden(value: LiteralString) -> LiteralString:
    return f"CASE WHEN NOT hidden THEN {value} END"


_COLUMNS = json_columns(
    OccurrenceRead,
    "o",
    series_id=_unless_hidden("CASE WHEN is_recurring THEN o.series_id END"),
    start_time="to_char(o.starts_at AT TIME ZONE 'UTC', form)",
    end_time="to_char(o.ends_at AT TIME ZONE 'UTC', form)",
    original_start="to_char(o.original_start AT TIME ZONE 'UTC', form)",
    room_id=_unless_hidden("b.room_id"),
    room_state=_unless_hidden("b.state"),
    is_recurring="is_recurring AND NOT hidden",
    is_details_hidden="hidden",
    **{name: _unless_hidden(name) for name in HIDDEN_TEXTS},
)

# The booking is looked up by no key at all, at no cost, where the event has no room.
LIST_SQL: HotStatement = hot_statement(f"""
WITH seen AS MATERIALIZED (
    SELECT calendar_id AS id, level FROM calendar_access(%(organization_id)s, %(user_id)s)
    WHERE CASE WHEN %(calendar_id)s::uuid IS NULL THEN is_listed ELSE calendar_id = %(calendar_id)s END
), mine AS (
    SELECT p.event_id FROM event_participants p
    WHERE p.user_id = %(user_id)s AND p.span && tstzrange(%(earliest)s, %(latest)s)
    UNION
    SELECT p.event_id FROM departments_of(%(organization_id)s, %(user_id)s) d (id)
    JOIN event_participants p ON p.department_id = d.id AND p.span && tstzrange(%(earliest)s, %(latest)s)
), found AS (
    SELECT {_FOUND}, {_HIDDEN} AS hidden
    FROM seen CROSS JOIN LATERAL (
        SELECT * FROM event_occurrences o
        WHERE o.organization_id = %(organization_id)s AND o.calendar_id = seen.id
          AND o.starts_at >= %(earliest)s::timestamptz - interval '1 day' AND o.starts_at < %(latest)s
          AND o.ends_at - o.starts_at <= '1 day'::interval
        UNION ALL
        SELECT * FROM event_occurrences o
        WHERE o.calendar_id = seen.id
          AND tstzrange(o.starts_at, o.ends_at) && tstzrange(%(earliest)s, %(latest)s)
          AND o.ends_at - o.starts_at > '1 day'::interval
    ) o
    JOIN events e ON e.organization_id = %(organization_id)s AND e.id = o.event_id
    UNION ALL
    SELECT {_FOUND}, NOT %(sees_private)s AND e.visibility IN ('private', 'confidential')
    FROM mine
    JOIN events e ON e.organization_id = %(organization_id)s AND e.id = mine.event_id
    JOIN event_occurrences o ON o.organization_id = %(organization_id)s AND o.event_id = mine.event_id
    WHERE o.starts_at >= %(earliest)s::timestamptz - (e.end_time - e.start_time) - interval '1 day'
      AND o.starts_at < %(latest)s
      AND e.calendar_id NOT IN (SELECT id FROM seen)
      AND (%(calendar_id)s::uuid IS NULL OR e.calendar_id = %(calendar_id)s)
), page AS (
    SELECT {_COLUMNS}, o.starts_at AS key_start, o.original_start AS key_original
    FROM found o
    LEFT JOIN room_bookings b
      ON b.organization_id = %(organization_id)s
     AND b.series_id = CASE WHEN o.room_id IS NOT NULL THEN o.series_id END
     AND b.original_start = o.original_start
    WHERE {_OVERLAPS}
      AND status = ANY(%(statuses)s)
      AND (%(room_id)s::uuid IS NULL OR b.room_id = %(room_id)s AND NOT hidden)
      AND (%(after_start)s::timestamptz IS NULL
           OR (o.starts_at, o.id, o.original_start)
            > (%(after_start)s::timestamptz, %(after_id)s::uuid, %(after_original)s::timestamptz))
    ORDER BY o.starts_at, o.id, o.original_start
    LIMIT %(limit)s + 1
)
SELECT (SELECT coalesce(json_agg(item), '[]')::text
        FROM (SELECT {", ".join(OccurrenceRead.model_fields)} FROM page
              ORDER BY key_start, id, key_original LIMIT %(limit)s) item),
       last.key_start, last.id, last.key_original,
       (SELECT min(expanded_until) FROM events WHERE organization_id = %(organization_id)s)
FROM (SELECT count(*) > %(limit)s AS is_full FROM page) count
LEFT JOIN LATERAL (
    SELECT key_start, id, key_original FROM page
    ORDER BY key_start, id, key_original OFFSET %(limit)s - 1 LIMIT 1
) last ON count.is_full
""")


def list_occurrences(session: Session, actor: Actor, window: Window, page: PageRequest) -> bytes:
    """A page of occurrences as JSON: what is stored, and beyond the horizon what the rules say.

    Raises:
        Invalid: the window or the cursor is not acceptable.
    """
    check_window(window.start, window.end)
    parameters = _parameters(actor, window, page)
    row = fetch_row(session, LIST_SQL, parameters)
    assert row is not None
    items, *last, stored_until = row
    if stored_until is not None and stored_until < parameters["latest"]:
        return _with_unstored(session, actor, window, page)
    return page_json(items, encode_cursor(last) if last[0] is not None else None)


def _parameters(actor: Actor, window: Window, page: PageRequest) -> dict[str, Any]:
    after = decode_cursor(page.cursor, CURSOR_TYPES) if page.cursor else (None, None, None)
    start_day, end_day = window.start_day, window.end_day
    return {
        "organization_id": actor.company,
        "user_id": actor.user_id,
        "sees_private": actor.sees_private,
        "from": window.start,
        "until": window.end,
        "from_day": start_day,
        "until_day": end_day,
        "earliest": min(window.start, start_day),
        "latest": max(window.end, end_day),
        "calendar_id": window.calendar_id,
        "room_id": window.room_id,
        "statuses": [str(status) for status in window.statuses],
        "after_start": after[0],
        "after_id": after[1],
        "after_original": after[2],
        "limit": page.limit,
    }


def _with_unstored(session: Session, actor: Actor, window: Window, page: PageRequest) -> bytes:
    """The page that also holds occurrences beyond the horizon, where no rows are.

    Rows and rules are read from one snapshot: the nightly extension turns the one into the other.
    """
    with snapshot(session):
        row = fetch_row(session, LIST_SQL, _parameters(actor, window, page))
        assert row is not None
        unstored = list_unstored(session, actor, window)
    is_full = row[1] is not None
    keyed = [(_key_of(item), item) for item in json.loads(row[0])]
    after = tuple(decode_cursor(page.cursor, CURSOR_TYPES)) if page.cursor else None
    for event, hidden, occurrence in unstored:
        key = (as_instant(occurrence.start), event.id, as_instant(occurrence.original_start))
        if after is None or key > after:
            keyed.append((key, _item_of(event, occurrence, hidden=hidden)))
    keyed.sort(key=lambda pair: pair[0])
    shown = keyed[: page.limit]
    more = is_full or len(keyed) > page.limit
    cursor = encode_cursor(shown[-1][0]) if more and shown else None
    return page_json(json.dumps([item for _, item in shown], ensure_ascii=False), cursor)


def _key_of(item: dict[str, Any]) -> tuple[datetime, UUID, datetime]:
    return _instant_of(item["start_time"]), UUID(item["id"]), _instant_of(item["original_start"])


def _instant_of(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _item_of(event: Event, occurrence: Occurrence, *, hidden: bool) -> dict[str, Any]:
    values = {name: getattr(event, name, None) for name in OccurrenceRead.model_fields}
    values.update(
        series_id=event.id,
        start_time=occurrence.start,
        end_time=occurrence.end,
        original_start=occurrence.original_start,
        is_recurring=True,
        # As in the stored rows: what is cancelled has no room.
        room_id=None if event.status == EventStatus.CANCELLED else event.room_id,
        room_state=None,
        is_details_hidden=hidden,
    )
    if hidden:
        values.update(dict.fromkeys((*HIDDEN_TEXTS, "series_id", "room_id")), is_recurring=False)
    return OccurrenceRead.model_validate(values).model_dump(mode="json")
