"""Who is to be reminded of what, and when: the same SQL for planning and for sending, so that both agree (rule 22).

Its parameters are :company, :default_timed and :default_all_day. Reminders are of instances; of an all-day one they
count from 00:00 of its first day on the reader's own clock (RFC 5545 §3.8.6.3), as wall time, so that 09:00 the day
before is 09:00 on the day on which the clocks change, too.
"""

from app.services.event_access import DETAILS_FROM_SQL

_ON_ROW = "s.organization_id = :company AND s.user_id = c.user_id"
# Of all-day events, whose first day begins at another instant for each reader.
_ZONES_APART = "interval '15 hours'"


def wanted(occurrences: str, people: str = "") -> str:
    """The reminders wanted for some occurrences: a WITH that ends in `wanted`.

    Args:
        occurrences: SQL that selects OCCURRENCE from occurrences `o`.
        people: a condition on `c`, a row of who is concerned by what, which begins with AND.
    """
    needed = DETAILS_FROM_SQL.format(visibility="h.visibility")
    may_read = f"calendar_level(:company, s.user_id, h.calendar_id) >= {needed}"
    return f"""
    WITH RECURSIVE told AS MATERIALIZED ({occurrences}),
    happening AS MATERIALIZED (
        SELECT DISTINCT t.*, e.organizer_id, e.is_all_day, e.visibility, e.is_outside
        FROM told t
        CROSS JOIN LATERAL (
            SELECT e.organizer_id, e.is_all_day, e.visibility, c.is_outside
            FROM events e JOIN calendars c ON c.organization_id = :company AND c.id = e.calendar_id
            WHERE e.organization_id = :company AND e.id = t.event_id AND e.status <> 'cancelled'
            LIMIT 1
        ) e
    ),
    guests AS MATERIALIZED (
        SELECT p.*
        FROM (SELECT DISTINCT event_id FROM happening) h
        CROSS JOIN LATERAL (
            SELECT p.event_id, p.user_id, p.department_id, p.response FROM event_participants p
            WHERE p.organization_id = :company AND p.event_id = h.event_id AND p.email IS NULL
            -- Asked event by event: nobody knows before how few there are.
            OFFSET 0
        ) p
    ),
    below AS (
        SELECT DISTINCT department_id AS root, department_id AS id FROM guests WHERE department_id IS NOT NULL
        UNION
        SELECT b.root, d.id FROM below b
        JOIN departments d ON d.organization_id = :company AND d.parent_id = b.id
    ),
    concerned AS (
        -- Of a feed from outside, only those are reminded who ask for it.
        SELECT event_id, organizer_id AS user_id, 1 AS reason FROM happening WHERE NOT is_outside
        UNION ALL
        SELECT event_id, user_id, 2 FROM guests WHERE user_id IS NOT NULL
        UNION ALL
        SELECT g.event_id, u.id, 2 FROM guests g JOIN below b ON b.root = g.department_id
        JOIN users u ON u.organization_id = :company AND u.department_id = b.id
        UNION ALL
        SELECT h.event_id, s.user_id, 3 FROM happening h
        JOIN reminder_settings s ON s.organization_id = :company AND s.event_id = h.series_id
        WHERE {may_read}
        UNION ALL
        SELECT h.event_id, s.user_id, 3 FROM happening h
        JOIN reminder_settings s ON s.organization_id = :company AND s.calendar_id = h.calendar_id
        WHERE {may_read}
    ),
    each AS (
        SELECT c.event_id, c.user_id, min(c.reason) AS reason FROM concerned c
        WHERE NOT EXISTS (
            SELECT FROM guests g WHERE g.event_id = c.event_id AND g.user_id = c.user_id AND g.response = 'declined'
        ) {people}
        GROUP BY c.event_id, c.user_id
    ),
    chosen AS (
        SELECT h.series_id, h.original_start, h.starts_at, h.event_id, h.is_all_day, c.user_id, c.reason,
               coalesce(u.time_zone, org.time_zone) AS zone,
               CASE WHEN h.is_all_day
                    THEN coalesce(occurrence.all_day, event.all_day, calendar.all_day, own.all_day,
                                  CAST(:default_all_day AS jsonb))
                    ELSE coalesce(occurrence.timed, event.timed, calendar.timed, own.timed,
                                  CAST(:default_timed AS jsonb))
               END AS reminders
        FROM each c
        JOIN happening h ON h.event_id = c.event_id
        JOIN users u ON u.organization_id = :company AND u.id = c.user_id AND u.is_active
        JOIN organizations org ON org.id = :company
        {_level("occurrence", "s.event_id = h.series_id AND s.original_start = h.original_start")}
        {_level("event", "s.event_id = h.series_id AND s.original_start IS NULL")}
        {_level("calendar", "s.event_id IS NULL AND s.calendar_id = h.calendar_id")}
        {_level("own", "s.event_id IS NULL AND s.calendar_id IS NULL")}
    ),
    wanted AS (
        SELECT c.series_id, c.original_start, c.user_id, r.minutes, r.channel, c.starts_at, c.event_id, c.is_all_day,
               c.reason, b.begins_at, d.due_at
        FROM chosen c
        CROSS JOIN LATERAL jsonb_to_recordset(c.reminders) AS r (minutes int, channel text)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN c.is_all_day THEN c.starts_at AT TIME ZONE 'UTC' END AS day,
                   make_interval(mins => r.minutes) AS before
        ) m
        CROSS JOIN LATERAL (
            SELECT CASE WHEN c.is_all_day THEN first_instant(m.day - m.before, c.zone)
                        ELSE c.starts_at - m.before END AS due_at
        ) d
        CROSS JOIN LATERAL (
            SELECT CASE WHEN c.is_all_day THEN first_instant(m.day + interval '1 day', c.zone)
                        ELSE c.starts_at END AS begins_at
        ) b
        -- Whoever has no browser for it needs no row that says so.
        WHERE r.channel <> 'push' OR EXISTS (
            SELECT FROM push_subscriptions s WHERE s.organization_id = :company AND s.user_id = c.user_id
        )
    )
    """


def _level(name: str, condition: str) -> str:
    return f"LEFT JOIN reminder_settings {name} ON {_ON_ROW} AND {condition}".replace("s.", f"{name}.")


OCCURRENCE = "o.series_id, o.original_start, o.event_id, o.calendar_id, o.starts_at"
# The occurrences that somebody may have to be reminded of between :since and :until: for each distance that anybody in
# the company has chosen, those that start so long after. Overlapping stretches are walked once.
DUE_BETWEEN = f"""
    WITH distances AS MATERIALIZED (
        SELECT DISTINCT r.minutes, false AS is_all_day
        FROM reminder_settings s, jsonb_to_recordset(s.timed) AS r (minutes int)
        WHERE s.organization_id = :company
        UNION
        SELECT DISTINCT r.minutes, true FROM reminder_settings s, jsonb_to_recordset(s.all_day) AS r (minutes int)
        WHERE s.organization_id = :company
        UNION
        SELECT r.minutes, false FROM jsonb_to_recordset(CAST(:default_timed AS jsonb)) AS r (minutes int)
        UNION
        SELECT r.minutes, true FROM jsonb_to_recordset(CAST(:default_all_day AS jsonb)) AS r (minutes int)
    ),
    -- With bounds that are plain columns: row-level security lets no function that may tell something into an index.
    stretches AS MATERIALIZED (
        SELECT lower(stretch) AS first_start, upper(stretch) AS last_start
        FROM (
            SELECT unnest(range_agg(tstzrange(
                :since + make_interval(mins => minutes) - CASE WHEN is_all_day THEN {_ZONES_APART} ELSE '0' END,
                :until + make_interval(mins => minutes) + CASE WHEN is_all_day THEN {_ZONES_APART} ELSE '0' END, '[]'
            ))) AS stretch
            FROM distances
        ) s
    )
    SELECT o.*
    FROM calendars c CROSS JOIN stretches t
    CROSS JOIN LATERAL (
        SELECT {OCCURRENCE} FROM event_occurrences o
        WHERE o.organization_id = :company AND o.calendar_id = c.id
          AND o.starts_at BETWEEN t.first_start AND t.last_start
        OFFSET 0
    ) o
    WHERE c.organization_id = :company
"""
# The occurrences of some series, or with somebody in them, that may be due until :until, four weeks before they start.
COMING = "o.starts_at BETWEEN :since - interval '2 days' AND :until + interval '30 days'"
OF_SERIES = f"""
    SELECT {OCCURRENCE} FROM event_occurrences o
    WHERE o.organization_id = :company AND o.series_id = ANY(:series) AND {COMING}
"""
OF_PERSON = f"""
    WITH mine AS MATERIALIZED (
        SELECT e.id FROM events e
        WHERE e.organization_id = :company AND e.organizer_id = :person
          AND e.span && tstzrange(:since - interval '2 days', :until + interval '30 days')
        UNION
        SELECT p.event_id FROM event_participants p
        WHERE p.organization_id = :company AND p.user_id = :person
          AND p.span && tstzrange(:since - interval '2 days', :until + interval '30 days')
        UNION
        SELECT p.event_id FROM departments_of(:company, :person) d (id)
        JOIN event_participants p ON p.organization_id = :company AND p.department_id = d.id
          AND p.span && tstzrange(:since - interval '2 days', :until + interval '30 days')
    ),
    followed AS MATERIALIZED (
        SELECT s.calendar_id FROM reminder_settings s
        WHERE s.organization_id = :company AND s.user_id = :person AND s.calendar_id IS NOT NULL
    )
    SELECT {OCCURRENCE} FROM mine m
    JOIN event_occurrences o ON o.organization_id = :company AND o.event_id = m.id AND {COMING}
    UNION
    SELECT {OCCURRENCE} FROM reminder_settings s
    JOIN event_occurrences o ON o.organization_id = :company AND o.series_id = s.event_id AND {COMING}
    WHERE s.organization_id = :company AND s.user_id = :person
    UNION
    SELECT {OCCURRENCE} FROM followed f
    JOIN event_occurrences o ON o.organization_id = :company AND o.calendar_id = f.calendar_id AND {COMING}
"""
