"""The statements of the reports, each in two forms: for the whole company, and for some of its people.

Both forms begin with the same three tables, on which the reports are written:

- `found`: the occurrences that take place in the window, cut to it; of one that lasts all day, its dates at 00:00 UTC
  cut to the dates of the window. Every meeting of the scope is here once.
- `meetings`: the same by event, since all occurrences of an event have the same people.
- `attending`: the same by event and person: its organizer, and its participants who have not declined; of a department
  that takes part, whoever is in it or below it now.

A company's occurrences are found through its calendars, which needs no index that every write would have to keep.
Zones are not spoken of: where days, hours and working hours begin comes in as arrays of instants.
"""

from sqlalchemy import TextClause, text

from app.models.booking import BLOCKING_SQL

_TAKES_PLACE = """
    e.status = ANY(:statuses)
    AND CASE WHEN e.is_all_day THEN o.starts_at < :until_day AND o.ends_at > :from_day
             ELSE o.starts_at < :until AND (o.ends_at > :from OR (o.ends_at = o.starts_at AND o.starts_at >= :from))
        END
"""
_OCCURRENCE = """
    o.series_id, o.original_start, o.event_id, e.organizer_id, e.room_id, e.is_all_day,
    greatest(o.starts_at, CASE WHEN e.is_all_day THEN CAST(:from_day AS timestamptz) ELSE :from END) AS starts_at,
    least(o.ends_at, CASE WHEN e.is_all_day THEN CAST(:until_day AS timestamptz) ELSE :until END) AS ends_at
"""
_LENGTH = "CASE WHEN is_all_day THEN interval '0' ELSE ends_at - starts_at END"
_NONE = "interval '0'"

_COMPANY = f"""
found AS MATERIALIZED (
    SELECT {_OCCURRENCE}
    FROM calendars c
    CROSS JOIN LATERAL (
        SELECT * FROM event_occurrences o
        WHERE o.organization_id = :organization_id AND o.calendar_id = c.id
          AND o.starts_at >= CAST(:earliest AS timestamptz) - interval '1 day' AND o.starts_at < :latest
          AND o.ends_at - o.starts_at <= '1 day'::interval
        UNION ALL
        SELECT * FROM event_occurrences o
        WHERE o.calendar_id = c.id AND tstzrange(o.starts_at, o.ends_at) && tstzrange(:earliest, :latest)
          AND o.ends_at - o.starts_at > '1 day'::interval
    ) o
    JOIN events e ON e.organization_id = :organization_id AND e.id = o.event_id
    WHERE c.organization_id = :organization_id AND {_TAKES_PLACE}
), meetings AS MATERIALIZED (
    SELECT event_id, organizer_id, is_all_day, count(*) AS times, sum({_LENGTH}) AS length
    FROM found GROUP BY event_id, organizer_id, is_all_day
), invited AS MATERIALIZED (
    SELECT p.event_id, p.department_id
    FROM meetings m JOIN event_participants p ON p.organization_id = :organization_id AND p.event_id = m.event_id
    WHERE p.department_id IS NOT NULL
), below AS (
    SELECT DISTINCT department_id AS root, department_id AS id FROM invited
    UNION
    SELECT b.root, d.id FROM below b JOIN departments d ON d.organization_id = :organization_id AND d.parent_id = b.id
), with_department AS (
    SELECT DISTINCT i.event_id, u.id AS user_id
    FROM invited i
    JOIN below b ON b.root = i.department_id
    JOIN users u ON u.organization_id = :organization_id AND u.department_id = b.id AND u.is_active
    WHERE NOT EXISTS (
        SELECT FROM event_participants own
        WHERE own.organization_id = :organization_id AND own.event_id = i.event_id AND own.user_id = u.id
    )
), attending AS (
    SELECT event_id, is_all_day, times, length, organizer_id AS user_id FROM meetings
    UNION ALL
    SELECT m.event_id, m.is_all_day, m.times, m.length, p.user_id
    FROM meetings m JOIN event_participants p ON p.organization_id = :organization_id AND p.event_id = m.event_id
    WHERE p.response <> 'declined' AND p.user_id <> m.organizer_id
    UNION ALL
    SELECT m.event_id, m.is_all_day, m.times, m.length, w.user_id
    FROM meetings m JOIN with_department w ON w.event_id = m.event_id
    WHERE w.user_id <> m.organizer_id
)"""
_PEOPLE = f"""
people AS MATERIALIZED (
    SELECT id, department_id, is_active FROM users
    WHERE organization_id = :organization_id AND department_id = ANY(:departments)
    UNION ALL
    SELECT id, department_id, is_active FROM users
    WHERE organization_id = :organization_id AND id = CAST(:user_id AS uuid)
), above AS (
    SELECT DISTINCT department_id AS own, department_id AS id FROM people WHERE department_id IS NOT NULL AND is_active
    UNION
    SELECT a.own, d.parent_id FROM above a JOIN departments d ON d.organization_id = :organization_id AND d.id = a.id
    WHERE d.parent_id IS NOT NULL
), invited AS MATERIALIZED (
    SELECT DISTINCT a.own, p.event_id
    FROM above a JOIN event_participants p ON p.department_id = a.id
    WHERE p.organization_id = :organization_id AND p.span && tstzrange(:earliest, :latest)
), taking_part AS MATERIALIZED (
    SELECT p.event_id, p.user_id
    FROM people JOIN event_participants p ON p.user_id = people.id
    WHERE p.organization_id = :organization_id AND p.response <> 'declined'
      AND p.span && tstzrange(:earliest, :latest)
    UNION
    SELECT i.event_id, people.id
    FROM invited i JOIN people ON people.department_id = i.own AND people.is_active
    WHERE NOT EXISTS (
        SELECT FROM event_participants own
        WHERE own.organization_id = :organization_id AND own.event_id = i.event_id AND own.user_id = people.id
    )
    UNION
    SELECT e.id, e.organizer_id
    FROM people JOIN events e ON e.organization_id = :organization_id AND e.organizer_id = people.id
    WHERE e.span && tstzrange(:earliest, :latest)
), found AS MATERIALIZED (
    SELECT {_OCCURRENCE}
    FROM (SELECT DISTINCT event_id FROM taking_part) t
    JOIN events e ON e.organization_id = :organization_id AND e.id = t.event_id
    JOIN event_occurrences o ON o.organization_id = :organization_id AND o.event_id = t.event_id
    WHERE o.starts_at >= CAST(:earliest AS timestamptz) - (e.end_time - e.start_time) AND o.starts_at < :latest
      AND {_TAKES_PLACE}
), meetings AS MATERIALIZED (
    SELECT event_id, is_all_day, count(*) AS times, sum({_LENGTH}) AS length
    FROM found GROUP BY event_id, is_all_day
), attending AS (
    SELECT m.*, t.user_id FROM taking_part t JOIN meetings m ON m.event_id = t.event_id
)"""

_SUMS = f"""
    coalesce(sum(times), 0) AS meetings,
    coalesce(sum(times) FILTER (WHERE is_all_day), 0) AS all_day_meetings,
    coalesce(sum(length), {_NONE}) AS length"""

_TOTALS = f"""
attendance AS (SELECT coalesce(sum(length), {_NONE}) AS length, count(DISTINCT user_id) AS people FROM attending)
SELECT {_SUMS}, (SELECT length FROM attendance) AS person_length, (SELECT people FROM attendance) AS people
FROM meetings
"""
_BY_PERSON = f"""
counted AS (
    SELECT user_id, {_SUMS}, sum(length) AS person_length, count(*) OVER () AS total
    FROM attending
    GROUP BY user_id ORDER BY length DESC, meetings DESC, user_id LIMIT :limit
)
SELECT c.*, u.id, coalesce(u.full_name, u.email) AS name
FROM counted c JOIN users u ON u.organization_id = :organization_id AND u.id = c.user_id
ORDER BY c.length DESC, c.meetings DESC, c.user_id
"""
# Of an event, a department has one meeting, however many of its people are there.
_BY_DEPARTMENT = f"""
attendance AS (
    SELECT u.department_id, a.event_id, a.is_all_day, a.times, a.length, count(*) AS people
    FROM attending a JOIN users u ON u.organization_id = :organization_id AND u.id = a.user_id
    GROUP BY u.department_id, a.event_id, a.is_all_day, a.times, a.length
), counted AS (
    SELECT department_id, {_SUMS}, sum(length * people) AS person_length, count(*) OVER () AS total
    FROM attendance
    GROUP BY department_id ORDER BY length DESC, meetings DESC, department_id LIMIT :limit
)
SELECT c.*, d.id, d.name
FROM counted c LEFT JOIN departments d ON d.organization_id = :organization_id AND d.id = c.department_id
ORDER BY c.length DESC, c.meetings DESC, c.department_id
"""
# A meeting counts in every period in which a part of it lies, with that part.
_BY_PERIOD = f"""
attendance AS (SELECT event_id, count(*) AS people FROM attending GROUP BY event_id),
pieces AS (
    SELECT i, f.is_all_day, a.people,
           CASE WHEN f.is_all_day THEN {_NONE}
                ELSE least(f.ends_at, (:period_ends ::timestamptz[])[i])
                     - greatest(f.starts_at, (:period_starts ::timestamptz[])[i])
           END AS length
    FROM found f
    JOIN attendance a ON a.event_id = f.event_id
    CROSS JOIN LATERAL (
        SELECT width_bucket(f.starts_at, bounds) AS first,
               width_bucket(f.ends_at - interval '1 microsecond', bounds) AS last
        FROM (SELECT CASE WHEN f.is_all_day THEN :first_days ::timestamptz[]
                          ELSE :period_starts ::timestamptz[] END) b (bounds)
    ) touched
    CROSS JOIN LATERAL generate_series(touched.first, greatest(touched.first, touched.last)) AS i
)
SELECT i AS place, count(*) AS meetings, count(*) FILTER (WHERE is_all_day) AS all_day_meetings,
       sum(length) AS length, sum(length * people) AS person_length
FROM pieces GROUP BY i ORDER BY i
"""
_BY_HOUR = """
pieces AS (
    SELECT i, least(f.ends_at, (:hour_ends ::timestamptz[])[i])
              - greatest(f.starts_at, (:hour_starts ::timestamptz[])[i]) AS length
    FROM found f
    CROSS JOIN LATERAL generate_series(
        width_bucket(f.starts_at, :hour_starts ::timestamptz[]),
        width_bucket(f.ends_at - interval '1 microsecond', :hour_starts ::timestamptz[])
    ) AS i
    WHERE NOT f.is_all_day AND f.ends_at > f.starts_at
)
SELECT i AS place, sum(length) AS length FROM pieces GROUP BY i ORDER BY i
"""
# A room that is booked all day is booked for its hours: nobody else can have it.
_BY_ROOM = f"""
booked AS (
    SELECT b.room_id, greatest(lower(b.during), CAST(:from AS timestamptz)) AS starts_at,
           least(upper(b.during), CAST(:until AS timestamptz)) AS ends_at
    FROM found f
    JOIN room_bookings b ON b.organization_id = :organization_id
     AND b.series_id = f.series_id AND b.original_start = f.original_start
    WHERE f.room_id IS NOT NULL AND b.{BLOCKING_SQL} AND b.during && tstzrange(:from, :until)
), counted AS (
    SELECT b.room_id, count(*) AS bookings, sum(b.ends_at - b.starts_at) AS length, sum(w.length) AS working_length
    FROM booked b
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(greatest(
                   least(b.ends_at, (:work_ends ::timestamptz[])[i])
                   - greatest(b.starts_at, (:work_starts ::timestamptz[])[i]),
                   {_NONE}
               )), {_NONE}) AS length
        FROM generate_series(
            greatest(width_bucket(b.starts_at, :work_starts ::timestamptz[]), 1),
            width_bucket(b.ends_at, :work_starts ::timestamptz[])
        ) AS i
    ) w
    GROUP BY b.room_id
)
SELECT r.id, r.name, r.capacity, coalesce(c.bookings, 0) AS bookings, coalesce(c.length, {_NONE}) AS length,
       coalesce(c.working_length, {_NONE}) AS working_length, count(*) OVER () AS total,
       sum(c.bookings) OVER () AS all_bookings, sum(c.length) OVER () AS all_length,
       sum(c.working_length) OVER () AS all_working_length
FROM rooms r LEFT JOIN counted c ON c.room_id = r.id
WHERE r.organization_id = :organization_id AND (c.room_id IS NOT NULL OR (r.is_active AND :is_company))
ORDER BY working_length DESC, length DESC, r.name, r.id
LIMIT :limit
"""
# All at once for the overview, so that the occurrences are looked for once.
_OVERVIEW = f"""
totals AS (WITH {_TOTALS}),
periods AS (WITH {_BY_PERIOD}),
hours AS (WITH {_BY_HOUR}),
rooms_booked AS (WITH {_BY_ROOM})
SELECT 'totals' AS part, NULL AS place, meetings, all_day_meetings, length, person_length, people AS number FROM totals
UNION ALL
SELECT 'period', place, meetings, all_day_meetings, length, person_length, NULL FROM periods
UNION ALL
SELECT 'hour', place, NULL, NULL, length, NULL, NULL FROM hours
UNION ALL
(SELECT 'rooms', NULL, all_bookings, NULL, all_length, all_working_length, total FROM rooms_booked LIMIT 1)
"""


def _forms(report: str) -> tuple[TextClause, TextClause]:
    return text(f"WITH RECURSIVE {_COMPANY}, {report.strip()}"), text(f"WITH RECURSIVE {_PEOPLE}, {report.strip()}")


# Each for the company, and for some of its people.
OVERVIEW = _forms(_OVERVIEW)
BY_PERSON = _forms(_BY_PERSON)
BY_DEPARTMENT = _forms(_BY_DEPARTMENT)
BY_PERIOD = _forms(_BY_PERIOD)
BY_HOUR = _forms(_BY_HOUR)
BY_ROOM = _forms(_BY_ROOM)
