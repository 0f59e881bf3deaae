"""The statements by which the bookings of a series follow its occurrences."""

from sqlalchemy import text

from app.services.room_rules_sql import RULES_FROM, rule

# When an occurrence takes its room. An all-day event takes it for its dates as the company's own zone counts them.
_TIMES = """
           CASE WHEN e.is_all_day THEN (o.starts_at AT TIME ZONE 'UTC') AT TIME ZONE :zone ELSE o.starts_at END
               AS starts_at,
           CASE WHEN e.is_all_day THEN (o.ends_at AT TIME ZONE 'UTC') AT TIME ZONE :zone ELSE o.ends_at END AS ends_at
"""
# What the occurrences of a series ask for: each by the row that describes it, the series or an override. What has a
# row beyond the stored part of the series, because it is an override, is booked when the series gets there.
_WANTED = f"""
    SELECT o.original_start, e.id AS event_id, e.room_id, {_TIMES}
    FROM event_occurrences o
    JOIN events e ON e.organization_id = :organization_id AND e.id = o.event_id
    WHERE o.organization_id = :organization_id AND o.series_id = :series_id AND o.original_start >= :since
      AND o.original_start < :until AND e.room_id IS NOT NULL AND e.status <> 'cancelled'
      AND (:original ::timestamptz IS NULL OR o.original_start = :original)
"""
# When one occurrence would take a room, and the row that describes it.
OCCURRENCE = text(f"""
    SELECT e.id AS event_id, e.status, e.room_id, {_TIMES}
    FROM event_occurrences o
    JOIN events e ON e.organization_id = :organization_id AND e.id = o.event_id
    WHERE o.organization_id = :organization_id AND o.series_id = :series_id AND o.original_start = :original
""")
# Each occurrence whose booking is not what it asks for: what is asked, and the booking that goes; either may be
# missing. Of a booking that ended early, was extended or was lost, `starts_at` and `ends_at` still say what it was for.
DIFFERENCE = text(f"""
    SELECT w.original_start, w.event_id, w.room_id, w.starts_at, w.ends_at,
           b.id AS booking_id, b.room_id AS booked_room_id, b.state, b.reason, b.request_id
    FROM ({_WANTED}) w
    FULL JOIN (
        SELECT * FROM room_bookings b
        WHERE b.organization_id = :organization_id AND b.series_id = :series_id
          AND b.original_start >= :since AND (:original ::timestamptz IS NULL OR b.original_start = :original)
    ) b ON b.original_start = w.original_start
    WHERE (b.room_id, b.starts_at, b.ends_at) IS DISTINCT FROM (w.room_id, w.starts_at, w.ends_at)
    ORDER BY coalesce(w.original_start, b.original_start)
""")
# What was to be booked when the booking window reaches it, and now can be: the earliest first.
_REACHED = f"""
    FROM room_bookings b
    JOIN ({RULES_FROM}) ON r.organization_id = b.organization_id AND r.id = b.room_id
    WHERE b.organization_id = :organization_id AND b.state = 'later' AND b.starts_at < :horizon
      AND b.starts_at < now() + make_interval(days => coalesce({rule("booking_window_days")}, :default_days))
"""
REACHED = text(f"SELECT b.series_id {_REACHED} ORDER BY b.starts_at LIMIT 1")
REACHED_OF = text(f"""
    SELECT b.original_start, NULL ::uuid AS event_id, b.room_id, b.starts_at, b.ends_at,
           b.id AS booking_id, b.room_id AS booked_room_id, b.state, b.reason, b.request_id
    {_REACHED} AND b.series_id = :series_id ORDER BY b.starts_at
""")
RELEASE = text("""
    DELETE FROM room_bookings WHERE organization_id = :organization_id AND id = ANY(:bookings ::uuid[])
    RETURNING original_start, room_id, checked_in_at, checked_in_by_id, check_in_asked_at
""")
# What is to be booked, as arrays: see `as_values`.
NEW_SQL = """
    SELECT original_start, room_id, starts_at, ends_at, before, after, state, reason, request_id, expires_at
    FROM unnest(:originals ::timestamptz[], :rooms ::uuid[], :starts ::timestamptz[], :ends ::timestamptz[],
                :before ::interval[], :after ::interval[], :states ::text[], :reasons ::text[], :requests ::uuid[],
                :expiries ::timestamptz[])
        AS new (original_start, room_id, starts_at, ends_at, before, after, state, reason, request_id, expires_at)
"""
# What is taken leaves no row and is not returned.
BOOK = text(f"""
    INSERT INTO room_bookings (organization_id, id, room_id, series_id, original_start, starts_at, ends_at, during,
                               state, reason, request_id, expires_at, created_at)
    SELECT :organization_id, gen_random_uuid(), room_id, :series_id, original_start, starts_at, ends_at,
           tstzrange(starts_at - before, ends_at + after), state, reason, request_id, expires_at, now()
    FROM ({NEW_SQL}) new
    ON CONFLICT DO NOTHING
    RETURNING original_start
""")
# Holds that are in the way and give way: those of whoever books, and those that have expired, unless somebody waits for
# the room.
YIELDING_HOLDS = text(f"""
    DELETE FROM room_bookings WHERE organization_id = :organization_id AND id IN (
        SELECT h.id FROM ({NEW_SQL}) new
        JOIN room_bookings h ON h.organization_id = :organization_id AND h.room_id = new.room_id
         AND h.during && tstzrange(new.starts_at - new.before, new.ends_at + new.after)
        WHERE h.state = 'held' AND (
            h.held_by_id = :person ::uuid
            OR h.source = 'hold' AND h.expires_at <= now() AND NOT EXISTS (
                SELECT FROM room_waiting w
                WHERE w.organization_id = :organization_id AND w.room_id = h.room_id AND w.state = 'waiting'
                  AND w.during && h.during
            )
        )
    )
    RETURNING waiting_id
""")
