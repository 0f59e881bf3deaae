"""The values that a handover changes, moved in bulk: each statement locks, changes and notes all rows of a table.

Ten thousand meetings take a second this way, and a row that somebody is editing is waited for. Versions rise, so that
clients notice; the note of each row says what it was, what it became, and with which version, for the way back.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, text
from sqlmodel import Session

# Of a row of events: not over. The span of a series reaches to its last occurrence, or has no end.
AHEAD = "{row}.status <> 'cancelled' AND {row}.span && tstzrange(now(), NULL)"
# The leaver's meetings that are not over, a series once: also one that is over, but for an occurrence moved to later.
MEETINGS = f"""
    t.organizer_id = :leaver AND t.series_id IS NULL
    AND ({AHEAD.format(row="t")}
         OR t.is_recurring AND EXISTS (
             SELECT FROM events o
             WHERE o.organization_id = t.organization_id AND o.series_id = t.id AND {AHEAD.format(row="o")}
         ))
"""
# The leaver's own row: that it was active is noted without values.
ACTIVITY = ("users", "is_active")


@dataclass(frozen=True, slots=True)
class Kind:
    """A column with a person in it. `mine` selects the rows of the leaver, `becomes` is what they get.

    `part_of` is the column with the row with which these are counted and shown; empty: on their own.
    """

    name: str
    table: str
    column: str
    mine: str
    becomes: str = "CAST(:successor AS uuid)"
    part_of: str = ""


# In the order of locks: overrides follow the series that were handed over. IS TRUE has those hashed and not joined, for
# PostgreSQL has no statistics of what this transaction wrote, and would compare each with each. A successor from below
# the leaver takes the leaver's place, or the chart would have a circle.
KINDS = (
    Kind("calendars", "calendars", "owner_id", "t.owner_id = :leaver"),
    Kind("meetings", "events", "organizer_id", MEETINGS),
    Kind(
        "overrides",
        "events",
        "organizer_id",
        """
        t.organizer_id = :leaver AND (t.series_id IN (
            SELECT i.object_id FROM handover_items i
            WHERE i.organization_id = :organization_id AND i.handover_id = :handover AND i.object_type = 'events'
        )) IS TRUE
        """,
        part_of="series_id",
    ),
    Kind("departments", "departments", "head_id", "t.head_id = :leaver"),
    Kind(
        "reports",
        "users",
        "manager_id",
        "(t.manager_id = :leaver AND t.is_active AND t.id <> :successor OR t.id = :successor AND :successor_rises)",
        "CASE WHEN t.id = :successor THEN CAST(:managers_manager AS uuid) ELSE :successor END",
    ),
    Kind("tickets", "tickets", "assignee_id", "t.assignee_id = :leaver AND t.is_open"),
    Kind("appointment_kinds", "appointment_kinds", "owner_id", "t.owner_id = :leaver"),
)
COUNTED = {(kind.table, kind.column): kind.name for kind in KINDS if not kind.part_of}


def hand_over(session: Session, kind: Kind, values: dict[str, Any]) -> int:
    """Change and note every row of a kind; how many there were. `values` names what the kinds' SQL asks for."""
    result = session.execute(_HAND_OVER[kind.name], values)
    assert isinstance(result, CursorResult)
    return result.rowcount


def give_back(session: Session, kind: Kind, organization_id: UUID, handover_id: UUID) -> bool:
    """Undo a handover's changes of a kind wherever the row is as the handover left it; whether all were."""
    values = {"organization_id": organization_id, "handover": handover_id}
    is_whole: bool = session.execute(_GIVE_BACK[kind.name], values).scalar_one()
    return is_whole


def _hand_over(kind: Kind) -> TextClause:
    part_of = f"t.{kind.part_of}" if kind.part_of else "CAST(NULL AS uuid)"
    return text(f"""
        WITH chosen AS MATERIALIZED (
            SELECT t.id, {part_of} AS part_of, t.{kind.column} AS before, {kind.becomes} AS after FROM {kind.table} t
            WHERE t.organization_id = :organization_id AND {kind.mine}
            ORDER BY t.id FOR NO KEY UPDATE
        ), changed AS (
            UPDATE {kind.table} t
            SET {kind.column} = chosen.after, version = t.version + 1, updated_at = now()
            FROM chosen
            WHERE t.organization_id = :organization_id AND t.id = chosen.id
            RETURNING t.id, chosen.part_of, chosen.before, chosen.after, t.version
        )
        INSERT INTO handover_items
            (organization_id, id, handover_id, object_type, object_id, part_of, field, before, after, version)
        SELECT :organization_id, gen_random_uuid(), :handover, '{kind.table}', id, part_of, '{kind.column}',
               before, after, version
        FROM changed
    """)


def _noted(kind: Kind) -> str:
    """What a handover noted of a kind: which row has to be how, to be given back."""
    noted = f"""
        SELECT i.object_id, i.part_of, i.before, i.after, i.version FROM handover_items i
        WHERE i.organization_id = :organization_id AND i.handover_id = :handover
          AND i.object_type = '{kind.table}' AND i.field = '{kind.column}'
          AND i.part_of IS {"NOT NULL" if kind.part_of else "NULL"}
    """
    if not kind.part_of:
        return noted
    # What has become part since goes back too, if it is as it was made: an answer to one occurrence makes an override.
    return f"""
        {noted}
        UNION ALL
        SELECT t.id, i.object_id, i.before, i.after, 1 FROM handover_items i
        JOIN {kind.table} t ON t.organization_id = i.organization_id AND t.{kind.part_of} = i.object_id
        WHERE i.organization_id = :organization_id AND i.handover_id = :handover
          AND i.object_type = '{kind.table}' AND i.field = '{kind.column}' AND i.part_of IS NULL
          AND t.id NOT IN (
              SELECT n.object_id FROM handover_items n
              WHERE n.organization_id = :organization_id AND n.handover_id = :handover AND n.part_of IS NOT NULL
          )
    """


def _give_back(kind: Kind) -> TextClause:
    return text(f"""
        WITH noted AS MATERIALIZED ({_noted(kind)}), chosen AS MATERIALIZED (
            SELECT t.id, noted.before FROM noted
            JOIN {kind.table} t ON t.organization_id = :organization_id AND t.id = noted.object_id
            WHERE t.version = noted.version AND t.{kind.column} IS NOT DISTINCT FROM noted.after
            ORDER BY t.id FOR NO KEY UPDATE OF t
        ), given AS (
            UPDATE {kind.table} t
            SET {kind.column} = chosen.before, version = t.version + 1, updated_at = now()
            FROM chosen
            WHERE t.organization_id = :organization_id AND t.id = chosen.id
            RETURNING t.id
        )
        SELECT (SELECT count(*) FROM noted) = (SELECT count(*) FROM given)
    """)


def _changed(kind: Kind) -> str:
    """The rows of a kind that somebody has changed since; of what is part of another row, that row."""
    return f"""
        SELECT '{kind.table}' AS object_type, coalesce(noted.part_of, noted.object_id) AS object_id,
               '{kind.column}' AS field, t.id IS NULL AND noted.part_of IS NULL AS is_deleted
        FROM ({_noted(kind)}) noted
        LEFT JOIN {kind.table} t ON t.organization_id = :organization_id AND t.id = noted.object_id
        WHERE t.id IS NULL OR t.version <> noted.version OR t.{kind.column} IS DISTINCT FROM noted.after
    """


_HAND_OVER = {kind.name: _hand_over(kind) for kind in KINDS}
_GIVE_BACK = {kind.name: _give_back(kind) for kind in KINDS}
_ACTIVITY_CHANGED = """
    SELECT i.object_type, i.object_id, i.field, t.id IS NULL FROM handover_items i
    LEFT JOIN users t ON t.organization_id = i.organization_id AND t.id = i.object_id
    WHERE i.organization_id = :organization_id AND i.handover_id = :handover
      AND i.object_type = '{}' AND i.field = '{}' AND (t.id IS NULL OR t.version <> i.version OR t.is_active)
""".format(*ACTIVITY)
CHANGED = text(f"""
    SELECT c.object_type, c.object_id, c.field, bool_or(c.is_deleted) AS is_deleted, count(*) OVER () AS total
    FROM ({" UNION ALL ".join((*(_changed(kind) for kind in KINDS), _ACTIVITY_CHANGED))}) c
    GROUP BY c.object_type, c.object_id, c.field
    ORDER BY c.object_type, c.object_id LIMIT :shown
""")
COUNTS = text("""
    SELECT handover_id, object_type, field, count(*) AS number FROM handover_items
    WHERE organization_id = :organization_id AND handover_id = ANY(:handovers) AND part_of IS NULL
    GROUP BY handover_id, object_type, field
""")
# How many rows move along with the meetings, without being counted.
OVERRIDES = text(f"""
    SELECT count(*) FROM events t JOIN events o ON o.organization_id = t.organization_id AND o.series_id = t.id
    WHERE t.organization_id = :organization_id AND {MEETINGS}
""")
