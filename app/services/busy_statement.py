"""The statements that say when people and rooms are busy, for free/busy and for finding a time (rule 20).

People are busy by what lies in their own calendars, what they organize, and what they take part in, alone or with
their department. Each of the three is found by an index on person and time, so that the cost follows what is found and
not the age of the calendars. What people answered themselves counts before all else.

Both answer rows of: whose time it is, starts and ends in seconds since 1970, whether these are an all-day event's
dates, whether they are tentative, and the event's id and title where the asker reads its details; all others are one.
"""

from app.core.hot import HotStatement, hot_statement
from app.models.room import BLOCKING_SQL
from app.services.event_access import reads_details_sql

# What the asker sees. `mine` is in which events they take part, found once and not event by event.
_ASKER = """
    access AS MATERIALIZED (
        SELECT calendar_id, level FROM calendar_access(%(company)s, %(user_id)s)
    ), mine AS MATERIALIZED (
        SELECT event_id FROM event_participants WHERE user_id = %(user_id)s AND span && %(window)s
        UNION ALL
        SELECT p.event_id FROM departments_of(%(company)s, %(user_id)s) d (id)
        JOIN event_participants p ON p.department_id = d.id AND p.span && %(window)s
    )
"""
_READS = reads_details_sql("e.id IN (SELECT event_id FROM mine)")

# Without an answer of one's own: what one hosts is busy, what one's department is invited to is not answered yet.
_IS_TENTATIVE = """
    e.status = 'tentative' OR CASE coalesce(b.response, '') WHEN 'tentative' THEN true WHEN 'accepted' THEN false
        WHEN '' THEN NOT b.is_host ELSE e.organizer_id <> b.who END
"""
_BLOCKS = "b.response IS DISTINCT FROM 'declined' AND coalesce(b.transparency, e.transparency) = 'opaque'"
_ANSWERS = "max(response) AS response, max(transparency) AS transparency, bool_or(is_host) AS is_host"
# OFFSET 0 keeps "one index scan for each person": PostgreSQL takes reading the window of all companies for cheaper.
_LINKS = """
    person AS MATERIALIZED (
        SELECT id FROM unnest(%(users)s::uuid[]) id
    ), link AS MATERIALIZED (
        SELECT person.id AS who, p.event_id, p.response, p.transparency, false AS is_host
        FROM person CROSS JOIN LATERAL (
            SELECT event_id, response, transparency FROM event_participants p
            WHERE p.user_id = person.id AND p.span && %(window)s OFFSET 0
        ) p
        UNION ALL
        SELECT person.id, p.event_id, NULL, NULL, false
        FROM person CROSS JOIN LATERAL departments_of(%(company)s, person.id) d (id) CROSS JOIN LATERAL (
            SELECT event_id FROM event_participants p
            WHERE p.department_id = d.id AND p.span && %(window)s OFFSET 0
        ) p
        UNION ALL
        SELECT person.id, e.id, NULL, NULL, true
        FROM person CROSS JOIN LATERAL (
            SELECT id FROM events e WHERE e.organizer_id = person.id AND e.span && %(window)s OFFSET 0
        ) e
    )
"""

PEOPLE_SQL: HotStatement = hot_statement(f"""
WITH {_ASKER}, {_LINKS}, held AS MATERIALIZED (
    SELECT e.id AS event_id, o.original_start, o.starts_at, o.ends_at
    FROM (SELECT DISTINCT event_id FROM link) l
    JOIN events e ON e.organization_id = %(company)s AND e.id = l.event_id
    JOIN event_occurrences o ON o.organization_id = %(company)s AND o.event_id = e.id
    WHERE o.starts_at < %(until)s AND o.ends_at > %(from)s
      AND o.starts_at > %(from)s::timestamptz - (e.end_time - e.start_time) - interval '1 day'
), busy AS MATERIALIZED (
    SELECT who, event_id, starts_at, ends_at, {_ANSWERS}
    FROM (
        SELECT l.*, o.original_start, o.starts_at, o.ends_at FROM link l JOIN held o USING (event_id)
        UNION ALL
        SELECT c.owner_id, o.event_id, NULL, NULL, true, o.original_start, o.starts_at, o.ends_at
        FROM calendars c CROSS JOIN LATERAL (
            SELECT * FROM event_occurrences o
            WHERE o.organization_id = %(company)s AND o.calendar_id = c.id
              AND o.starts_at > %(from)s::timestamptz - interval '1 day' AND o.starts_at < %(until)s
              AND o.ends_at > %(from)s AND o.ends_at - o.starts_at <= '1 day'::interval
            UNION ALL
            SELECT * FROM event_occurrences o
            WHERE o.calendar_id = c.id AND tstzrange(o.starts_at, o.ends_at) && %(window)s
              AND o.ends_at - o.starts_at > '1 day'::interval
        ) o
        WHERE c.organization_id = %(company)s AND c.owner_id = ANY(%(users)s)
    ) found
    GROUP BY who, event_id, original_start, starts_at, ends_at
), known AS MATERIALIZED (
    SELECT e.id, e.title, e.is_all_day, e.status, e.transparency, e.organizer_id, {_READS} AS reads
    FROM (SELECT DISTINCT event_id FROM busy) b
    JOIN events e ON e.organization_id = %(company)s AND e.id = b.event_id
    LEFT JOIN access a ON a.calendar_id = e.calendar_id
    WHERE e.status <> 'cancelled'
)
SELECT who, array_agg(extract(epoch FROM starts_at)::bigint), array_agg(extract(epoch FROM ends_at)::bigint),
       e.is_all_day, {_IS_TENTATIVE}, CASE WHEN reads THEN e.id END, max(CASE WHEN reads THEN e.title END)
FROM busy b JOIN known e ON e.id = b.event_id
WHERE {_BLOCKS}
GROUP BY 1, 4, 5, 6
""")

ROOMS_SQL: HotStatement = hot_statement(f"""
WITH {_ASKER}
SELECT b.room_id, array_agg(extract(epoch FROM lower(b.during))::bigint),
       array_agg(extract(epoch FROM upper(b.during))::bigint), false, b.state <> 'confirmed',
       CASE WHEN reads THEN e.id END, max(CASE WHEN reads THEN e.title END)
FROM unnest(%(rooms)s::uuid[]) room (id)
CROSS JOIN LATERAL (
    SELECT * FROM room_bookings b
    WHERE b.organization_id = %(company)s AND b.room_id = room.id AND b.during && %(window)s AND b.{BLOCKING_SQL}
    OFFSET 0
) b
JOIN event_occurrences o ON o.organization_id = %(company)s AND o.series_id = b.series_id
 AND o.original_start = b.original_start
JOIN events e ON e.organization_id = %(company)s AND e.id = o.event_id
LEFT JOIN access a ON a.calendar_id = e.calendar_id
CROSS JOIN LATERAL (SELECT {_READS} AS reads) seen
GROUP BY 1, 5, 6
""")

# The series whose rows end before the window does, and whom they make busy: what lies beyond is expanded by the caller.
UNSTORED_SQL: HotStatement = hot_statement(f"""
WITH {_ASKER}, {_LINKS}, due AS MATERIALIZED (
    SELECT * FROM events WHERE organization_id = %(company)s AND expanded_until < %(until)s AND status <> 'cancelled'
), busy AS MATERIALIZED (
    SELECT who, event_id, {_ANSWERS}
    FROM (
        SELECT l.* FROM link l
        UNION ALL
        SELECT c.owner_id, e.id, NULL, NULL, true
        FROM due e JOIN calendars c ON c.organization_id = %(company)s AND c.id = e.calendar_id
        WHERE c.owner_id = ANY(%(users)s)
    ) found
    GROUP BY who, event_id
)
SELECT b.who, {_IS_TENTATIVE}, e.id, {_READS}
FROM busy b JOIN due e ON e.id = b.event_id LEFT JOIN access a ON a.calendar_id = e.calendar_id
WHERE {_BLOCKS}
UNION ALL
SELECT e.room_id, false, e.id, {_READS}
FROM due e LEFT JOIN access a ON a.calendar_id = e.calendar_id
WHERE e.room_id = ANY(%(rooms)s)
""")
