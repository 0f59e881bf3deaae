"""The statements that find rooms: who may book them by all rules, and when they are free.

First the rooms that fit and that the asker may book, by the rules that hold for each; then, of these and in order, when
each is free, by one look into its bookings. A booking keeps `during` to itself, a meeting asks for the room's buffers
besides: seen from the meeting without them, a booking reaches further by the room's buffers.
"""

from typing import LiteralString

from app.core.hot import HotStatement, hot_statement
from app.models.booking import BLOCKING_SQL
from app.schemas.room_finding import AvailableRoomRead, NearRoomRead, SeriesRoomRead
from app.services.closed_times import CLOSED_CTE, CLOSED_SQL
from app.services.equipment_service import EQUIPMENT_JSON, HAS_WORKING_SQL
from app.services.json_rows import instant, json_columns
from app.services.room_rules_sql import RULES_FROM, ZONE_SQL, is_approver, may_book, needs_approver, rule

ELSEWHERE = 1000
_FLOORS_MOST = 400


def distance(building: LiteralString, floor: LiteralString, zone: LiteralString) -> LiteralString:
    """How far a room `r` is from a place: 0 and 1 on its floor, two more for each floor between, ELSEWHERE at most."""
    apart = f"least(coalesce(abs(r.floor - {floor}), {_FLOORS_MOST}), {_FLOORS_MOST})"
    return f"""CASE WHEN r.building_id IS DISTINCT FROM {building} THEN {ELSEWHERE}
                    ELSE {apart} * 2 + (r.zone IS DISTINCT FROM {zone})::int END"""


# What keeps the room `c` from the asker, whose own holds give way, as those do that have expired.
_BOOKINGS = f"""
    room_bookings b
    WHERE b.organization_id = %(company)s AND b.room_id = c.id AND b.{BLOCKING_SQL}
      AND (b.state <> 'held' OR b.expires_at > now() AND b.held_by_id <> %(person)s)
"""
# OFFSET 0 keeps "one index scan for each room".
_TAKEN = """
    SELECT range_agg(tstzrange(lower(b.during) - c.buffer_after, upper(b.during) + c.buffer_before))
    FROM ({bookings} OFFSET 0) b
"""
# Of many times at once, by the index of the constraint.
_TAKEN_OF_SERIES = _TAKEN.format(bookings=f"SELECT during FROM {_BOOKINGS} AND b.during && shape.around")
# Of one stretch, by an index that costs a third: bookings of a room do not overlap, and hold their start, so that they
# come in the order of their starts; of those that start outside, only the next on either side can reach into it.
_BEFORE = f"SELECT b.during FROM {_BOOKINGS} AND b.starts_at <= c.earliest ORDER BY b.starts_at DESC LIMIT 1"
_NEXT = f"SELECT b.during FROM {_BOOKINGS} AND b.starts_at > c.earliest ORDER BY b.starts_at LIMIT 1"
_TAKEN_IN_WINDOW = _TAKEN.format(
    bookings=f"""
        (({_BEFORE})
         UNION ALL (SELECT b.during FROM {_BOOKINGS} AND b.starts_at > c.earliest AND b.starts_at < c.latest)
         UNION ALL (SELECT b.during FROM {_BOOKINGS} AND b.starts_at >= c.latest ORDER BY b.starts_at LIMIT 1))
    """
)


def _candidates(
    order: LiteralString, columns: LiteralString, condition: LiteralString, kept: LiteralString = "MATERIALIZED"
) -> LiteralString:
    """The rooms that fit and that the asker may book, as `candidate`, in an order.

    What costs more than finding them is for the rooms that are looked at: see `_rooms`.
    """
    return f"""
        candidate AS {kept} (
            SELECT r.id, r.capacity, r.building_id, {ZONE_SQL} AS time_zone, {rule("opening_hours")} AS opening_hours,
                   {columns}, {rule("in_policy")} = 'request' AS is_lent,
                   make_interval(mins => coalesce({rule("buffer_before_minutes")}, 0)) AS buffer_before,
                   make_interval(mins => coalesce({rule("buffer_after_minutes")}, 0)) AS buffer_after,
                   least(now() + make_interval(days => coalesce({rule("booking_window_days")}, %(window_days)s)),
                         %(horizon)s) AS bookable_until
            FROM {RULES_FROM}
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


# Whether an approver decides, of the few rooms that are told.
_NEEDS_APPROVAL = f"""CASE WHEN p.is_lent THEN (
    SELECT {needs_approver("%(person)s")} AND NOT {is_approver("%(person)s")}
    FROM {RULES_FROM} WHERE r.organization_id = %(company)s AND r.id = p.id
) ELSE false END"""


# The first time in the window at which the candidate `c` is free for long enough.
_FREE = f"""
    SELECT lower(gap) AS free_from, upper(gap) AS free_until
    FROM unnest(
        tstzmultirange(tstzrange(%(from)s, %(until)s)) - c.closed - coalesce(({_TAKEN_IN_WINDOW}), '{{}}')
    ) gap
    WHERE upper(gap) - lower(gap) >= %(length)s AND lower(gap) <= %(last_start)s AND lower(gap) < c.bookable_until
    ORDER BY lower(gap) LIMIT 1
"""


def _rooms(order: LiteralString, closed: LiteralString = f"{CLOSED_SQL} AS closed,") -> LiteralString:
    """The candidates with what each needs to be looked at: when it is closed, and between when bookings matter.

    OFFSET 0 lets this be found once a room, and the order lets a page end where it is full.
    """
    return f"""
        SELECT c.*, {closed} %(from)s::timestamptz - c.buffer_before AS earliest,
               %(until)s::timestamptz + c.buffer_after AS latest
        FROM candidate c ORDER BY {order} OFFSET 0
    """


_AVAILABLE_JSON = {
    "equipment": EQUIPMENT_JSON,
    "free_from": instant("p.free_from"),
    "free_until": instant("p.free_until"),
    "needs_approval": _NEEDS_APPROVAL,
}
_BY_SIZE = _candidates(
    "r.capacity, r.id",
    "0 AS distance",
    "(%(after_capacity)s::int IS NULL OR (r.capacity, r.id) > (%(after_capacity)s::int, %(after_id)s::uuid))",
    # Room by room, as far as the page reaches.
    "NOT MATERIALIZED",
)
_WITHIN_PAGE = f"""
    SELECT c.id, c.capacity, c.is_lent, free.*
    FROM ({_rooms("c.capacity, c.id")}) c CROSS JOIN LATERAL ({_FREE}) free
"""
# Free for all of a time: for that, two bookings of a room tell all. Only of what is free then is asked when it closes.
_AT_PAGE = f"""
    SELECT c.id, c.capacity, c.is_lent, %(from)s::timestamptz AS free_from,
           least(%(until)s, lower(next.during) - c.buffer_after,
                 (SELECT min(lower(closed)) FROM unnest(shut.closed) closed)) AS free_until
    FROM ({_rooms("c.capacity, c.id", "")}) c
    LEFT JOIN LATERAL ({_BEFORE}) before ON true
    LEFT JOIN LATERAL ({_NEXT}) next ON true
    LEFT JOIN LATERAL (SELECT {CLOSED_SQL} AS closed OFFSET 0) shut ON true
    WHERE %(from)s < c.bookable_until AND NOT shut.closed && tstzrange(%(from)s, %(to)s)
      AND coalesce(upper(before.during) <= c.earliest, true)
      AND coalesce(lower(next.during) >= %(to)s::timestamptz + c.buffer_after, true)
"""


def _available(found: LiteralString) -> HotStatement:
    """A page of AvailableRoomReads as JSON, and the keys of its last row where more follow."""
    return hot_statement(f"""
        WITH {CLOSED_CTE}, {_BY_SIZE}, page AS MATERIALIZED ({found} ORDER BY c.capacity, c.id LIMIT %(limit)s + 1)
        SELECT (SELECT coalesce(json_agg(item), '[]')::text
                FROM (
                    SELECT {json_columns(AvailableRoomRead, "r", **_AVAILABLE_JSON)}
                    FROM (SELECT * FROM page ORDER BY capacity, id LIMIT %(limit)s) p
                    JOIN rooms r ON r.organization_id = %(company)s AND r.id = p.id
                    ORDER BY p.capacity, p.id
                ) item),
               last.capacity, last.id
        FROM (SELECT count(*) > %(limit)s AS is_full FROM page) count
        LEFT JOIN LATERAL (
            SELECT capacity, id FROM page ORDER BY capacity, id OFFSET %(limit)s - 1 LIMIT 1
        ) last ON count.is_full
    """)


AVAILABLE_SQL, AVAILABLE_WITHIN_SQL = _available(_AT_PAGE), _available(_WITHIN_PAGE)

_NEAR_JSON = {
    **_AVAILABLE_JSON,
    "nearness": f"""CASE p.distance WHEN 0 THEN 'same_zone' WHEN 1 THEN 'same_floor' WHEN {ELSEWHERE} THEN 'elsewhere'
                    ELSE 'same_building' END""",
    "floors_apart": f"CASE WHEN p.distance < {ELSEWHERE} THEN abs(r.floor - %(near_floor)s::int) END",
}
_BY_PLACE = _candidates(
    "distance, r.capacity, r.id",
    f"CASE WHEN %(is_nowhere)s THEN {ELSEWHERE} ELSE"
    f" {distance('%(near_building)s::uuid', '%(near_floor)s::int', '%(near_zone)s::text')} END AS distance",
    "r.id IS DISTINCT FROM %(near_room)s::uuid",
)
_NEAREST = f"""
    WITH {CLOSED_CTE}, {_BY_PLACE}, page AS MATERIALIZED (
        SELECT c.id, c.capacity, c.distance, c.is_lent, free.*
        FROM ({_rooms("c.distance")}) c CROSS JOIN LATERAL ({_FREE}) free
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
    "needs_approval": _NEEDS_APPROVAL,
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
_FOR_ALL = _candidates(
    "r.capacity, r.id",
    "r.name",
    f"""(NOT %(is_series)s OR coalesce({rule("recurring_allowed")}, true))""",
)
_FOR_SERIES = f"""
    WITH {CLOSED_CTE}, wanted AS MATERIALIZED (
        SELECT *, tstzrange(starts_at, ends_at) AS during
        FROM unnest(%(originals)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
            wanted (original_start, starts_at, ends_at)
    ), {_FOR_ALL}, shape AS MATERIALIZED (
        SELECT buffer_before, buffer_after,
               range_agg(tstzrange(w.starts_at - buffer_before, w.ends_at + buffer_after)) AS around
        FROM (SELECT DISTINCT buffer_before, buffer_after FROM candidate) buffers CROSS JOIN wanted w
        GROUP BY buffer_before, buffer_after
    ), page AS MATERIALIZED (
        SELECT c.*, found.closed, found.busy,
               CASE WHEN isempty(found.busy) THEN 0
                    ELSE (SELECT count(*)::int FROM wanted w WHERE w.during && found.busy) END AS clashing
        FROM (SELECT * FROM candidate WHERE %(first_start)s < bookable_until ORDER BY capacity, id LIMIT %(most)s) c
        JOIN shape USING (buffer_before, buffer_after)
        CROSS JOIN LATERAL (
            SELECT closed, closed + coalesce(({_TAKEN_OF_SERIES}), '{{}}') AS busy
            FROM (SELECT {CLOSED_SQL} AS closed OFFSET 0) closed OFFSET 0
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
