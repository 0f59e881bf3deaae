"""The statements that find rooms: who may book them by all rules, and when they are free.

First the rooms that fit and that the asker may book, by the rules that hold for each; then, of these and in order, when
each is free, by one look into its bookings. A booking keeps `during` to itself, a meeting asks for the room's buffers
besides: seen from the meeting without them, a booking reaches further by the room's buffers.
"""

from typing import LiteralString

from app.core.hot import HotStatement, hot_statement
from app.models.booking import BLOCKING_SQL
from app.schemas.room_finding import AvailableRoomRead, NearRoomRead, SeriesRoomRead
from app.services.closed_times import CLOSED_CTE, CLOSED_JOINS, CLOSED_SQL
from app.services.equipment_service import EQUIPMENT_JSON, HAS_WORKING_SQL
from app.services.json_rows import instant, json_columns
from app.services.room_rules_sql import RULES_FROM, is_approver, may_book, needs_approver, rule

ELSEWHERE = 1000
_FLOORS_MOST = 400


def distance(building: LiteralString, floor: LiteralString, zone: LiteralString) -> LiteralString:
    """How far a room `r` is from a place: 0 and 1 on its floor, two more for each floor between, ELSEWHERE at most."""
    apart = f"least(coalesce(abs(r.floor - {floor}), {_FLOORS_MOST}), {_FLOORS_MOST})"
    return f"""CASE WHEN r.building_id IS DISTINCT FROM {building} THEN {ELSEWHERE}
                    ELSE {apart} * 2 + (r.zone IS DISTINCT FROM {zone})::int END"""


# What keeps the room `c` from the asker, whose own holds give way. OFFSET 0 keeps "one index scan for each room".
_TAKEN = f"""
    SELECT range_agg(tstzrange(lower(b.during) - c.buffer_after, upper(b.during) + c.buffer_before))
    FROM (
        SELECT during FROM room_bookings b
        WHERE b.organization_id = %(company)s AND b.room_id = c.id AND b.during && {{around}} AND b.{BLOCKING_SQL}
          AND (b.state <> 'held' OR b.expires_at > now() AND b.held_by_id <> %(person)s)
        OFFSET 0
    ) b
"""


def _candidates(order: LiteralString, columns: LiteralString, condition: LiteralString) -> LiteralString:
    """The rooms that fit and that the asker may book, as `candidate`, in an order."""
    return f"""
        candidate AS MATERIALIZED (
            SELECT r.id, r.capacity, {CLOSED_SQL} AS closed, {columns},
                   make_interval(mins => coalesce({rule("buffer_before_minutes")}, 0)) AS buffer_before,
                   make_interval(mins => coalesce({rule("buffer_after_minutes")}, 0)) AS buffer_after,
                   {needs_approver("%(person)s")} AND NOT {is_approver("%(person)s")} AS needs_approval,
                   least(now() + make_interval(days => coalesce({rule("booking_window_days")}, %(window_days)s)),
                         %(horizon)s) AS bookable_until
            FROM {RULES_FROM} {CLOSED_JOINS}
            WHERE r.organization_id = %(company)s AND r.is_active AND r.capacity >= %(capacity)s
              AND (%(building)s::uuid IS NULL OR r.building_id = %(building)s)
              AND (%(floor)s::int IS NULL OR r.floor = %(floor)s)
              AND r.accessibility @> %(accessibility)s::text[] AND {HAS_WORKING_SQL}
              AND coalesce({rule("min_minutes")}, 0) <= %(minutes)s
              AND coalesce({rule("max_minutes")} >= %(minutes)s, true)
              AND {may_book("%(person)s")} AND {condition}
            ORDER BY {order}
        )
    """


# The first time in the window at which the candidate `c` is free for long enough.
_FREE = f"""
    SELECT lower(gap) AS free_from, upper(gap) AS free_until
    FROM unnest(
        tstzmultirange(tstzrange(%(from)s, %(until)s)) - c.closed
        - coalesce(({_TAKEN.format(around="c.around")}), '{{}}')
    ) gap
    WHERE upper(gap) - lower(gap) >= %(length)s AND lower(gap) <= %(last_start)s AND lower(gap) < c.bookable_until
    ORDER BY lower(gap) LIMIT 1
"""
# `around` is a column, not an expression, since row-level security lets only a column be looked for in an index.
_WITH_AROUND = """
    SELECT *, tstzrange(%(from)s::timestamptz - buffer_before, %(until)s::timestamptz + buffer_after) AS around
    FROM candidate
"""
_AVAILABLE_JSON = {
    "equipment": EQUIPMENT_JSON,
    "free_from": instant("p.free_from"),
    "free_until": instant("p.free_until"),
    "needs_approval": "p.needs_approval",
}
_AVAILABLE = f"""
    WITH {CLOSED_CTE}, {
    _candidates(
        "r.capacity, r.id",
        "0 AS distance",
        "(%(after_capacity)s::int IS NULL OR (r.capacity, r.id) > (%(after_capacity)s::int, %(after_id)s::uuid))",
    )
}, around AS MATERIALIZED ({_WITH_AROUND}), page AS MATERIALIZED (
        SELECT c.id, c.capacity, c.needs_approval, free.*
        FROM around c CROSS JOIN LATERAL ({_FREE}) free
        LIMIT %(limit)s + 1
    )
    SELECT (SELECT coalesce(json_agg(item), '[]')::text
            FROM (
                SELECT {json_columns(AvailableRoomRead, "r", **_AVAILABLE_JSON)}
                FROM (SELECT * FROM page LIMIT %(limit)s) p
                JOIN rooms r ON r.organization_id = %(company)s AND r.id = p.id
                ORDER BY p.capacity, p.id
            ) item),
           last.capacity, last.id
    FROM (SELECT count(*) > %(limit)s AS is_full FROM page) count
    LEFT JOIN LATERAL (SELECT capacity, id FROM page OFFSET %(limit)s - 1 LIMIT 1) last ON count.is_full
"""
# A page of AvailableRoomReads as JSON, and the keys of its last row where more follow.
AVAILABLE_SQL: HotStatement = hot_statement(_AVAILABLE)

_NEAR_JSON = {
    **_AVAILABLE_JSON,
    "nearness": """CASE p.distance WHEN 0 THEN 'same_zone' WHEN 1 THEN 'same_floor' WHEN 1000 THEN 'elsewhere'
                   ELSE 'same_building' END""",
    "floors_apart": "CASE WHEN p.distance < 1000 THEN abs(r.floor - %(near_floor)s::int) END",
}
_NEAREST = f"""
    WITH {CLOSED_CTE}, {
    _candidates(
        "distance, r.capacity, r.id",
        f"{distance('%(near_building)s::uuid', '%(near_floor)s::int', '%(near_zone)s::text')} AS distance",
        "r.id IS DISTINCT FROM %(near_room)s::uuid",
    )
}, around AS MATERIALIZED ({_WITH_AROUND}), page AS MATERIALIZED (
        SELECT c.id, c.capacity, c.distance, c.needs_approval, free.*
        FROM (SELECT * FROM around ORDER BY distance) c CROSS JOIN LATERAL ({_FREE}) free
        ORDER BY c.distance, free.free_from, c.capacity, c.id
        LIMIT %(limit)s
    )
    SELECT coalesce(json_agg(item), '[]')::text
    FROM (
        SELECT {json_columns(NearRoomRead, "r", **_NEAR_JSON)}
        FROM page p JOIN rooms r ON r.organization_id = %(company)s AND r.id = p.id
        ORDER BY p.distance, p.free_from, p.capacity, p.id
    ) item
"""
# NearRoomReads as JSON, the nearest first.
NEAREST_SQL: HotStatement = hot_statement(_NEAREST)

CLASHES_SHOWN = 50
_SERIES_JSON = {
    "equipment": EQUIPMENT_JSON,
    "needs_approval": "p.needs_approval",
    "free": "%(count)s::int - p.clashing",
    "clashing": "p.clashing",
    "later": """(SELECT count(*) FROM wanted w
                 WHERE w.starts_at >= p.bookable_until AND NOT w.during && p.busy)""",
    "clashes": f"""(
        SELECT coalesce(json_agg(clash), '[]') FROM (
            SELECT w.original_start, {instant("w.starts_at")} AS start_time, {instant("w.ends_at")} AS end_time,
                   CASE WHEN w.during && p.closed THEN 'closed' ELSE 'taken' END AS reason
            FROM wanted w WHERE w.during && p.busy ORDER BY w.starts_at LIMIT {CLASHES_SHOWN}
        ) clash
    )""",
}
# What is in the way of any occurrence is found at once; only where there is something are the occurrences counted.
_FOR_SERIES = f"""
    WITH {CLOSED_CTE}, wanted AS MATERIALIZED (
        SELECT *, tstzrange(starts_at, ends_at) AS during
        FROM unnest(%(originals)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
            wanted (original_start, starts_at, ends_at)
    ), {
    _candidates(
        "r.capacity, r.id",
        "r.name",
        f'''(NOT %(is_series)s OR coalesce({rule("recurring_allowed")}, true))''',
    )
}, shape AS MATERIALIZED (
        SELECT buffer_before, buffer_after,
               range_agg(tstzrange(w.starts_at - buffer_before, w.ends_at + buffer_after)) AS around
        FROM (SELECT DISTINCT buffer_before, buffer_after FROM candidate) buffers CROSS JOIN wanted w
        GROUP BY buffer_before, buffer_after
    ), page AS MATERIALIZED (
        SELECT c.*, found.busy,
               CASE WHEN isempty(found.busy) THEN 0
                    ELSE (SELECT count(*)::int FROM wanted w WHERE w.during && found.busy) END AS clashing
        FROM (SELECT * FROM candidate WHERE %(first_start)s < bookable_until ORDER BY capacity, id LIMIT %(most)s) c
        JOIN shape USING (buffer_before, buffer_after)
        CROSS JOIN LATERAL (
            SELECT c.closed + coalesce(({_TAKEN.format(around="shape.around")}), '{{}}') AS busy
        ) found
        ORDER BY clashing, c.capacity, c.name, c.id
        LIMIT %(limit)s
    )
    SELECT coalesce(json_agg(item), '[]')::text
    FROM (
        SELECT {json_columns(SeriesRoomRead, "r", **_SERIES_JSON)}
        FROM page p JOIN rooms r ON r.organization_id = %(company)s AND r.id = p.id
        ORDER BY p.clashing, p.capacity, p.name, p.id
    ) item
"""
# SeriesRoomReads as JSON: those that are free for the most occurrences first.
FOR_SERIES_SQL: HotStatement = hot_statement(_FOR_SERIES)
