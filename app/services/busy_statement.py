"""The statements that say when people and rooms are busy, for free/busy and for finding a time (rule 20).

People are busy by what lies in their own calendars, what they organize, and what they take part in, alone or with
their department. What people answered themselves counts before all else. Each way is found by an index on time, so that
the cost follows what is found and not the age of the calendars: for a few people by person; for a large part of a
company by its occurrences of the window, which then come once and not once for everybody who takes part.

PostgreSQL merges the spans of each person or room and takes from what is tentative what is busy anyhow: of thousands
of spans, only the blocks come back.
"""

from typing import LiteralString

from app.calendaring.free_busy import BusyType
from app.core.hot import HotStatement, hot_statement
from app.models.booking import BLOCKING_SQL
from app.services.event_access import reads_details_sql
from app.services.json_rows import instant

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

# `own` are people's own places in events, which count before all else; `other` is why else an event is theirs.
_BUSY = """
    busy AS (
        SELECT who, zone, event_id, response, transparency, true AS is_host FROM own WHERE response <> 'declined'
        UNION ALL
        SELECT who, zone, event_id, NULL, NULL, bool_or(is_host)
        FROM other o
        WHERE NOT EXISTS (SELECT FROM own WHERE own.who = o.who AND own.event_id = o.event_id)
        GROUP BY who, zone, event_id
    )
"""
# Without an answer of one's own: what one hosts is busy, what one's department is invited to is not answered yet.
_IS_TENTATIVE = """
    e.status = 'tentative' OR CASE coalesce(b.response, '') WHEN '' THEN NOT b.is_host WHEN 'accepted' THEN false
        WHEN 'tentative' THEN true ELSE e.organizer_id <> b.who END
"""
_BLOCKS = "coalesce(b.transparency, e.transparency) = 'opaque'"

# The arrays hide in sub-selects: a plan made for one person looks so much cheaper than a general one that PostgreSQL
# would plan anew for every request, and planning costs more than asking for a few people.
# All-day events are told by the midnights of each zone, which our own time zones made.
_SUBJECTS = """
    person AS MATERIALIZED (
        SELECT * FROM unnest((SELECT %(users)s::uuid[]), (SELECT %(zones)s::text[])) person (id, zone)
    ), place AS MATERIALIZED (
        SELECT person.id AS who, person.zone, d.id AS department_id
        FROM person CROSS JOIN LATERAL departments_of(%(company)s, person.id) d (id)
    ), midnight AS MATERIALIZED (
        SELECT * FROM unnest(%(midnight_zones)s::text[], %(midnight_days)s::timestamptz[],
                             %(midnight_starts)s::timestamptz[]) midnight (zone, day, at)
    )
"""
# The events of each person by three indexes; of a department the events once, for all its people.
# OFFSET 0 keeps "one index scan for each person": PostgreSQL takes reading the window of all companies for cheaper.
_LINKS_BY_PERSON = """
    own AS MATERIALIZED (
        SELECT person.id AS who, person.zone, p.event_id, p.response, p.transparency
        FROM person CROSS JOIN LATERAL (
            SELECT event_id, response, transparency FROM event_participants p
            WHERE p.user_id = person.id AND p.span && %(window)s OFFSET 0
        ) p
    ), linked AS MATERIALIZED (
        SELECT place.who, place.zone, p.event_id, false AS is_host
        FROM (SELECT DISTINCT department_id AS id FROM place) d CROSS JOIN LATERAL (
            SELECT event_id FROM event_participants p
            WHERE p.department_id = d.id AND p.span && %(window)s OFFSET 0
        ) p
        JOIN place ON place.department_id = d.id
        UNION ALL
        SELECT person.id, person.zone, e.id, true
        FROM person CROSS JOIN LATERAL (
            SELECT id FROM events e WHERE e.organizer_id = person.id AND e.span && %(window)s OFFSET 0
        ) e
    )
"""
# Times count in whole seconds.
_ROUNDED = "tstzrange(o.starts_at::timestamptz(0), o.ends_at::timestamptz(0)) AS during"
# Long ones have an index of their own (decision 6).
_LYING = f"""
    lying AS MATERIALIZED (
        SELECT c.owner_id, o.event_id, {_ROUNDED}
        FROM {{calendars}} CROSS JOIN LATERAL (
            SELECT * FROM event_occurrences o
            WHERE o.organization_id = %(company)s AND o.calendar_id = c.id
              AND o.starts_at > %(from)s::timestamptz - interval '1 day' AND o.starts_at < %(until)s
              AND o.ends_at > %(from)s AND o.ends_at - o.starts_at <= '1 day'::interval
            UNION ALL
            SELECT * FROM event_occurrences o
            WHERE o.calendar_id = c.id AND tstzrange(o.starts_at, o.ends_at) && %(window)s
              AND o.ends_at - o.starts_at > '1 day'::interval
        ) o
        WHERE c.organization_id = %(company)s
    )
"""
_KNOWN = f"""
    known AS MATERIALIZED (
        SELECT e.id, e.is_all_day, e.status, e.transparency, e.organizer_id, e.end_time - e.start_time AS length,
               CASE WHEN {_READS} THEN e.id END AS told, CASE WHEN {_READS} THEN e.title END AS title
        FROM event
        JOIN events e ON e.organization_id = %(company)s AND e.id = event.id
        LEFT JOIN access a ON a.calendar_id = e.calendar_id
        WHERE e.status <> 'cancelled'
    )
"""
# What lies elsewhere is looked up event by event: all occurrences of an event lie in one calendar.
_BY_PERSON = f"""
    {_LYING.format(calendars="person JOIN calendars c ON c.owner_id = person.id")}, {_LINKS_BY_PERSON}, event AS (
        SELECT event_id AS id FROM own UNION SELECT event_id FROM linked UNION SELECT event_id FROM lying
    ), {_KNOWN}, held AS (
        SELECT event_id, during FROM lying
        UNION ALL
        SELECT o.event_id, {_ROUNDED}
        FROM known e JOIN event_occurrences o ON o.organization_id = %(company)s AND o.event_id = e.id
        WHERE e.id NOT IN (SELECT event_id FROM lying)
          AND o.starts_at < %(until)s AND o.ends_at > %(from)s
          AND o.starts_at > %(from)s::timestamptz - e.length - interval '1 day'
    ), other AS (
        SELECT * FROM linked
        UNION ALL
        SELECT person.id, person.zone, l.event_id, true FROM lying l JOIN person ON person.id = l.owner_id
    )
"""
_BY_COMPANY = f"""
    {_LYING.format(calendars="calendars c")}, event AS (
        SELECT DISTINCT event_id AS id FROM lying
    ), {_KNOWN}, held AS (
        SELECT event_id, during FROM lying
    ), guest AS MATERIALIZED (
        SELECT p.event_id, p.user_id, p.department_id, p.response, p.transparency
        FROM known e JOIN event_participants p ON p.organization_id = %(company)s AND p.event_id = e.id
        WHERE p.email IS NULL
    ), own AS (
        SELECT person.id AS who, person.zone, event_id, response, transparency
        FROM guest JOIN person ON person.id = guest.user_id
    ), other AS (
        SELECT place.who, place.zone, guest.event_id, false AS is_host FROM place JOIN guest USING (department_id)
        UNION ALL
        SELECT person.id, person.zone, e.id, true FROM known e JOIN person ON person.id = e.organizer_id
        UNION ALL
        SELECT person.id, person.zone, e.id, true
        FROM lying l JOIN person ON person.id = l.owner_id JOIN known e ON e.id = l.event_id
        WHERE l.owner_id <> e.organizer_id
    )
"""
_TAKEN = f"""
    {_BUSY}, placed AS (
        SELECT e.*, NULL AS zone, o.during FROM known e JOIN held o ON o.event_id = e.id WHERE NOT e.is_all_day
        UNION ALL
        SELECT e.*, first.zone, tstzrange(first.at, last.at)
        FROM known e
        JOIN held o ON o.event_id = e.id
        JOIN midnight first ON first.day = greatest(lower(o.during), %(first_day)s)
        JOIN midnight last ON last.zone = first.zone AND last.day = least(upper(o.during), %(last_day)s)
        WHERE e.is_all_day
    ), taken AS MATERIALIZED (
        SELECT b.who, e.during, {_IS_TENTATIVE} AS is_tentative, e.told, e.title
        FROM busy b JOIN placed e ON e.id = b.event_id AND (e.zone IS NULL OR e.zone = b.zone)
        WHERE {_BLOCKS}
        UNION ALL
        SELECT b.room_id, tstzrange(lower(b.during)::timestamptz(0), upper(b.during)::timestamptz(0)),
               b.state <> 'confirmed', CASE WHEN {_READS} THEN e.id END, e.title
        FROM unnest((SELECT %(rooms)s::uuid[])) room (id)
        CROSS JOIN LATERAL (
            SELECT * FROM room_bookings b
            WHERE b.organization_id = %(company)s AND b.room_id = room.id
              AND b.during && %(window)s AND b.{BLOCKING_SQL} AND (b.state <> 'held' OR b.expires_at > now())
            OFFSET 0
        ) b
        LEFT JOIN event_occurrences o ON o.organization_id = %(company)s AND o.series_id = b.series_id
         AND o.original_start = b.original_start
        LEFT JOIN events e ON e.organization_id = %(company)s AND e.id = o.event_id
        LEFT JOIN access a ON a.calendar_id = e.calendar_id
        UNION ALL
        SELECT who, tstzrange(starts_at::timestamptz(0), ends_at::timestamptz(0)), is_tentative, told, title
        FROM unnest(%(unstored_who)s::uuid[], %(unstored_starts)s::timestamptz[], %(unstored_ends)s::timestamptz[],
                    %(unstored_tentative)s::boolean[], %(unstored_told)s::uuid[], %(unstored_titles)s::text[])
            unstored (who, starts_at, ends_at, is_tentative, told, title)
    )
"""
# Of `taken`: merged, cut at the window, and busy before tentative (RFC 4791 §7.10).
BLOCK_SQL = """
    merged AS MATERIALIZED (
        SELECT who,
               coalesce(range_agg(during) FILTER (WHERE NOT is_tentative), '{}') * tstzmultirange(%(asked)s) AS busy,
               coalesce(range_agg(during) FILTER (WHERE is_tentative), '{}') * tstzmultirange(%(asked)s) AS tentative
        FROM taken GROUP BY who
    ), block AS MATERIALIZED (
        SELECT who, is_tentative, lower(during) AS starts_at, upper(during) AS ends_at
        FROM (
            SELECT who, false AS is_tentative, unnest(busy) AS during FROM merged
            UNION ALL
            SELECT who, true, unnest(tentative - busy) FROM merged
        ) part
    )
"""
_REASON_JSON = """'{"id":"' || told || '","title":' || to_json(title) || '}'"""
_BLOCK_JSON = f"""
    '{{"start":"' || {instant("b.starts_at")} || '","end":"' || {instant("b.ends_at")} || '","type":'
    || CASE WHEN b.is_tentative THEN '"{BusyType.TENTATIVE}"' ELSE '"{BusyType.BUSY}"' END
    || ',"events":[' || coalesce(r.events, '') || ']}}'
"""
_AS_JSON = f"""
    , reason AS (
        SELECT b.who, b.starts_at AS within, t.told, t.title, min(t.starts_at) AS starts_at, min(t.ends_at) AS ends_at
        FROM (
            SELECT who, is_tentative, told, title, lower(during) AS starts_at, upper(during) AS ends_at
            FROM taken WHERE told IS NOT NULL
        ) t
        JOIN block b ON b.who = t.who AND b.is_tentative = t.is_tentative
         AND b.starts_at < t.ends_at AND b.ends_at > t.starts_at
        GROUP BY b.who, b.starts_at, t.told, t.title
    ), told AS (
        SELECT who, within, string_agg({_REASON_JSON}, ',' ORDER BY starts_at, ends_at, told) AS events
        FROM reason GROUP BY who, within
    )
    SELECT b.who, string_agg({_BLOCK_JSON}, ',' ORDER BY b.starts_at)
    FROM block b LEFT JOIN told r ON r.who = b.who AND r.within = b.starts_at
    GROUP BY b.who
"""
SPANS_SQL = """
    SELECT who, is_tentative, array_agg(date_part('epoch', starts_at)::bigint ORDER BY starts_at),
           array_agg(date_part('epoch', ends_at)::bigint ORDER BY starts_at)
    FROM block GROUP BY who, is_tentative
"""


def _statement(found: LiteralString, told: LiteralString) -> HotStatement:
    return hot_statement(f"WITH {_ASKER}, {_SUBJECTS}, {found}, {_TAKEN}, {BLOCK_SQL} {told}")


# Of whom the blocks are, and their BusyBlockReads as JSON between commas.
JSON_BY_PERSON, JSON_BY_COMPANY = _statement(_BY_PERSON, _AS_JSON), _statement(_BY_COMPANY, _AS_JSON)
# Of whom, whether tentative, and the blocks' starts and ends in seconds since 1970, in order.
SPANS_BY_PERSON, SPANS_BY_COMPANY = _statement(_BY_PERSON, SPANS_SQL), _statement(_BY_COMPANY, SPANS_SQL)

# The series whose rows end before the window does, and whom they make busy: what lies beyond is expanded by the caller.
UNSTORED_SQL: HotStatement = hot_statement(f"""
WITH {_ASKER}, {_SUBJECTS}, {_LINKS_BY_PERSON}, due AS MATERIALIZED (
    SELECT * FROM events WHERE organization_id = %(company)s AND expanded_until < %(until)s AND status <> 'cancelled'
), other AS (
    SELECT * FROM linked
    UNION ALL
    SELECT person.id, person.zone, e.id, true
    FROM due e
    JOIN calendars c ON c.organization_id = %(company)s AND c.id = e.calendar_id
    JOIN person ON person.id = c.owner_id
), {_BUSY}
SELECT b.who, {_IS_TENTATIVE}, e.id, {_READS}
FROM busy b JOIN due e ON e.id = b.event_id LEFT JOIN access a ON a.calendar_id = e.calendar_id
WHERE {_BLOCKS}
UNION ALL
SELECT e.room_id, false, e.id, {_READS}
FROM due e LEFT JOIN access a ON a.calendar_id = e.calendar_id
WHERE e.room_id = ANY(%(rooms)s)
""")
