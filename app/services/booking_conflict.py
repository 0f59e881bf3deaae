"""Why rooms were refused, and what is free instead: the 409 of bookings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, PlannerError
from app.models.booking import BLOCKING_SQL
from app.services.booking_statements import NEW_SQL
from app.services.event_access import DETAILS_FROM_SQL
from app.services.room_rules import Broken, Rules, Wish, broken_by, iso, load_rules
from app.services.room_rules_sql import RULES_FROM, is_approver, may_book, needs_approver, rule

CLASHES_SHOWN = 50
FREE_ROOMS_SHOWN = 10
# Rooms free for one clash; and how many of the nearest rooms are looked at for each.
ALTERNATIVES_SHOWN = 3
ALTERNATIVES_AMONG = 200
BROKEN_SHOWN = 50
_READS = DETAILS_FROM_SQL.format(visibility="e.visibility")

# OFFSET 0 keeps "one index scan for each occurrence", also in tables that PostgreSQL has no statistics of yet: there it
# took the bookings for few, and compared each with each.
_TAKING = f"""
    SELECT * FROM room_bookings b
    WHERE b.organization_id = :organization_id AND b.room_id = {{room}}
      AND b.during && tstzrange(new.starts_at - new.before, new.ends_at + new.after)
      AND b.{BLOCKING_SQL} AND b.series_id IS DISTINCT FROM :series_id
    OFFSET 0
"""
_CLASHES = text(f"""
    WITH clash AS MATERIALIZED (
        SELECT new.original_start, new.room_id, new.starts_at, new.ends_at, lower(b.during) AS booked_from,
               upper(b.during) AS booked_to, b.series_id, b.original_start AS booked_original
        FROM ({NEW_SQL}) new CROSS JOIN LATERAL ({_TAKING.format(room="new.room_id")}) b
        ORDER BY new.starts_at, b.starts_at
        LIMIT {CLASHES_SHOWN}
    )
    SELECT clash.*, e.id AS event_id, e.title AS title,
           (:sees_private OR e.visibility NOT IN ('private', 'confidential')) AND (
               e.organizer_id = :person OR takes_part(:organization_id, :person, e.id)
               OR calendar_level(:organization_id, :person, e.calendar_id) >= {_READS}
           ) AS is_visible
    FROM clash
    LEFT JOIN event_occurrences o
      ON (o.organization_id, o.series_id, o.original_start)
       = (:organization_id, clash.series_id, clash.booked_original)
    LEFT JOIN events e ON (e.organization_id, e.id) = (o.organization_id, o.event_id)
    ORDER BY clash.starts_at, clash.booked_from
""")
# The rooms that are most like one, the nearest first: large enough, with all that works in it, near, of its size.
_LIKE = """
    SELECT r.id, r.name, r.capacity, r.location, r.capacity < :capacity AS is_smaller,
           (SELECT count(*) FROM room_equipment has
            WHERE has.organization_id = r.organization_id AND has.room_id = :room_id
              AND has.quantity > has.out_of_order AND NOT EXISTS (
                SELECT FROM room_equipment also
                WHERE also.organization_id = r.organization_id AND also.room_id = r.id AND also.name = has.name
                  AND also.quantity > also.out_of_order
            )) AS lacks,
           CASE WHEN r.building_id IS DISTINCT FROM model.building_id THEN 1000
                ELSE least(coalesce(abs(r.floor - model.floor), 100), 100) * 2
                     + (r.zone IS DISTINCT FROM model.zone)::int END AS distance,
           abs(r.capacity - :capacity) AS size_difference,
           make_interval(mins => coalesce({before}, 0)) AS before, make_interval(mins => coalesce({after}, 0)) AS after
    FROM {rules}
    JOIN rooms model ON model.organization_id = r.organization_id AND model.id = :room_id
    WHERE r.organization_id = :organization_id AND r.is_active AND r.id <> :room_id AND {condition}
    ORDER BY is_smaller, lacks, distance, size_difference, r.name, r.id
"""
_RULES = {
    "rules": RULES_FROM,
    "before": rule("buffer_before_minutes"),
    "after": rule("buffer_after_minutes"),
}
# Those that the person books without an approver: only these are alternatives.
LIKE_SQL = _LIKE.format(
    condition=f"{may_book(':person')} AND ({needs_approver(':person')} IS NOT TRUE OR {is_approver(':person')})",
    **_RULES,
)
# Those as accessible as the room itself, whoever may book them.
AS_ACCESSIBLE_SQL = _LIKE.format(condition="r.accessibility @> model.accessibility", **_RULES)
# What keeps a room from the person for a time, with its own buffers: their holds and those that have expired give way.
_IN_THE_WAY = f"""
    SELECT FROM room_bookings b
    WHERE b.organization_id = :organization_id AND b.room_id = alike.id AND b.{BLOCKING_SQL}
      AND b.series_id IS DISTINCT FROM :series_id
      AND (b.state <> 'held' OR b.expires_at > now() AND b.held_by_id IS DISTINCT FROM :person ::uuid)
      AND b.during && {{asked}}
    OFFSET 0
"""
_FREE_FOR_ALL = text(f"""
    WITH alike AS MATERIALIZED ({LIKE_SQL}), shape AS MATERIALIZED (
        SELECT before, after, range_agg(tstzrange(n.starts_at - buffers.before, n.ends_at + buffers.after)) AS asked
        FROM (SELECT DISTINCT before, after FROM alike) buffers CROSS JOIN ({NEW_SQL}) n (
            original_start, room_id, starts_at, ends_at, n_before, n_after, state, reason, request_id, expires_at
        )
        GROUP BY before, after
    )
    SELECT alike.* FROM (
        SELECT alike.*, (
            SELECT asked FROM shape WHERE (shape.before, shape.after) = (alike.before, alike.after)
        ) AS asked
        FROM alike ORDER BY is_smaller, lacks, distance, size_difference, name, id OFFSET 0
    ) alike
    WHERE NOT EXISTS ({_IN_THE_WAY.format(asked="alike.asked")})
    ORDER BY is_smaller, lacks, distance, size_difference, name, id
    LIMIT {3 * FREE_ROOMS_SHOWN}
""")
# The inner order lets each clash end with the first rooms that are free.
_FREE_FOR_EACH = text(f"""
    WITH alike AS MATERIALIZED (SELECT * FROM ({LIKE_SQL}) alike LIMIT {ALTERNATIVES_AMONG})
    SELECT new.original_start, free.* FROM ({NEW_SQL}) new CROSS JOIN LATERAL (
        SELECT alike.*
        FROM (SELECT * FROM alike ORDER BY is_smaller, lacks, distance, size_difference, name, id OFFSET 0) alike
        WHERE NOT EXISTS ({
    _IN_THE_WAY.format(asked="tstzrange(new.starts_at - alike.before, new.ends_at + alike.after)")
})
        ORDER BY is_smaller, lacks, distance, size_difference, name, id
        LIMIT {3 * ALTERNATIVES_SHOWN}
    ) free
    ORDER BY new.starts_at, is_smaller, lacks, distance, size_difference, name, id
""")


def refused(broken: Sequence[Broken], rules: Mapping[UUID, Rules], wishes: Sequence[Wish]) -> Conflict:
    """The 409 of a broken rule: the text tells the first, `broken` all of them with what would be allowed."""
    first = broken[0]
    occurrences = {rule.wish.original_start for rule in broken if rule.wish is not None}
    return Conflict(
        first.rule.value,
        room=rules[first.room_id].name,
        count=len(occurrences) or len(wishes),
        total=len(wishes),
        extra={"broken": [rule.as_json() for rule in broken[:BROKEN_SHOWN]]},
        **first.params,
    )


def taken(
    session: Session,
    actor: Actor,
    rules: Mapping[UUID, Rules],
    values: dict[str, Any],
    wishes: Sequence[Wish],
    everything: Sequence[Wish],
) -> PlannerError:
    """The 409 of taken rooms. The rooms are locked, so what is found now is what was in the way.

    Args:
        values: what could not be booked, as arrays, with the company, the series and the person.
        wishes: the same.
        everything: all that was to be booked.
    """
    asked = {**values, "sees_private": actor.sees_private}
    rows = session.execute(_CLASHES, asked).all()
    if not rows:
        return Invalid("series_overlaps_itself", field="recurrence_rule")
    worst = max({row.room_id for row in rows}, key=lambda room: sum(wish.room_id == room for wish in wishes))
    room = rules[worst]
    alike = {"room_id": room.room_id, "capacity": room.capacity}
    free = session.execute(_FREE_FOR_ALL, {**asked, **alike, **as_arrays(everything, rules)}).all()
    shown = {row.original_start for row in rows}
    clashing = [wish for wish in wishes if wish.original_start in shown]
    each = session.execute(_FREE_FOR_EACH, {**asked, **alike, **as_arrays(clashing, rules)}).all()
    allowed = _Allowed(session, actor, {row.id for row in (*free, *each)}, everything)
    alternatives: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    by_original = {wish.original_start: wish for wish in wishes}
    for row in each:
        found = alternatives[row.original_start]
        if len(found) < ALTERNATIVES_SHOWN and allowed(row.id, [by_original[row.original_start]]):
            found.append(_room(row))
    clashes = [
        {
            "room_id": str(row.room_id),
            "original_start": iso(row.original_start),
            "start_time": iso(row.starts_at),
            "end_time": iso(row.ends_at),
            "booked_from": iso(row.booked_from),
            "booked_to": iso(row.booked_to),
            "event_id": str(row.event_id) if row.is_visible else None,
            "title": row.title if row.is_visible else None,
            "alternatives": alternatives[row.original_start],
        }
        for row in rows
    ]
    return Conflict(
        "room_taken",
        room=room.name,
        count=sum(wish.room_id == worst for wish in wishes),
        total=len(everything),
        extra={
            "clashes": clashes,
            "free_rooms": [_room(row) for row in free if allowed(row.id, everything)][:FREE_ROOMS_SHOWN],
        },
    )


def as_arrays(wishes: Iterable[Wish], rules: Mapping[UUID, Rules]) -> dict[str, Any]:
    """Wishes as the statements take them."""
    listed = list(wishes)
    count = len(listed)
    return {
        "originals": [wish.original_start for wish in listed],
        "rooms": [wish.room_id for wish in listed],
        "starts": [wish.starts_at for wish in listed],
        "ends": [wish.ends_at for wish in listed],
        "before": [rules[wish.room_id].buffer_before for wish in listed],
        "after": [rules[wish.room_id].buffer_after for wish in listed],
        "states": ["confirmed"] * count,
        "reasons": [None] * count,
        "requests": [None] * count,
        "expiries": [None] * count,
    }


class _Allowed:
    """Whether the rules of other rooms let the actor book them for some occurrences, without an approver."""

    def __init__(self, session: Session, actor: Actor, rooms: set[UUID], wishes: Sequence[Wish]) -> None:
        start, end = min(wish.starts_at for wish in wishes), max(wish.ends_at for wish in wishes)
        self._rules = load_rules(session, actor.company, actor.user_id, rooms, start, end)

    def __call__(self, room_id: UUID, wishes: Sequence[Wish]) -> bool:
        rules = self._rules[room_id]
        if rules.needs_approver and not rules.is_approver:
            return False
        return not broken_by(rules, wishes, is_series=len(wishes) > 1, people={})


def _room(row: Any) -> dict[str, Any]:
    return {"id": str(row.id), "name": row.name, "capacity": row.capacity, "location": row.location}
