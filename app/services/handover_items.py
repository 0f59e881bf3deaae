"""The values that a handover changes, moved in bulk: each statement locks, changes and notes all rows of a table.

Ten thousand meetings take a second this way, and a row that somebody is editing is waited for. Versions rise, so that
clients notice; the note of each row says what it was, what it became, and with which version, for the way back.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, text
from sqlmodel import Session

# Meetings that are not over: the span of a series reaches to its last occurrence, or has no end.
AHEAD = "t.status <> 'cancelled' AND t.span && tstzrange(now(), NULL)"
# The leaver's own row: that it was active is noted without values.
ACTIVITY = ("users", "is_active")


@dataclass(frozen=True, slots=True)
class Kind:
    """A column with a person in it. `mine` selects the rows of the leaver, `becomes` is what they get."""

    name: str
    table: str
    column: str
    mine: str
    becomes: str = "CAST(:successor AS uuid)"


# A successor from below the leaver takes the leaver's place, or the chart would have a circle.
KINDS = (
    Kind("calendars", "calendars", "owner_id", "t.owner_id = :leaver"),
    Kind("meetings", "events", "organizer_id", f"t.organizer_id = :leaver AND {AHEAD}"),
    Kind("departments", "departments", "head_id", "t.head_id = :leaver"),
    Kind(
        "reports",
        "users",
        "manager_id",
        "(t.manager_id = :leaver AND t.is_active AND t.id <> :successor OR t.id = :successor AND :successor_rises)",
        "CASE WHEN t.id = :successor THEN CAST(:managers_manager AS uuid) ELSE :successor END",
    ),
)


def hand_over(session: Session, kind: Kind, values: dict[str, Any]) -> int:
    """Change and note every row of a kind; how many there were. `values` names what the kinds' SQL asks for."""
    return _count(session, _HAND_OVER[kind.name], values)


def give_back(session: Session, kind: Kind, organization_id: UUID, handover_id: UUID) -> int:
    """Undo a handover's changes of a kind wherever the row is as the handover left it; how many there were."""
    return _count(session, _GIVE_BACK[kind.name], {"organization_id": organization_id, "handover": handover_id})


def _count(session: Session, statement: TextClause, values: dict[str, Any]) -> int:
    result = session.execute(statement, values)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _hand_over(kind: Kind) -> TextClause:
    return text(f"""
        WITH chosen AS MATERIALIZED (
            SELECT t.id, t.{kind.column} AS before, {kind.becomes} AS after FROM {kind.table} t
            WHERE t.organization_id = :organization_id AND {kind.mine}
            ORDER BY t.id FOR NO KEY UPDATE
        ), changed AS (
            UPDATE {kind.table} t
            SET {kind.column} = chosen.after, version = t.version + 1, updated_at = now()
            FROM chosen
            WHERE t.organization_id = :organization_id AND t.id = chosen.id
            RETURNING t.id, chosen.before, chosen.after, t.version
        )
        INSERT INTO handover_items
            (organization_id, id, handover_id, object_type, object_id, field, before, after, version)
        SELECT :organization_id, gen_random_uuid(), :handover, '{kind.table}', id, '{kind.column}',
               before, after, version
        FROM changed
    """)


def _give_back(kind: Kind) -> TextClause:
    return text(f"""
        WITH chosen AS MATERIALIZED (
            SELECT t.id, i.before FROM handover_items i
            JOIN {kind.table} t ON t.organization_id = i.organization_id AND t.id = i.object_id
            WHERE i.organization_id = :organization_id AND i.handover_id = :handover
              AND i.object_type = '{kind.table}' AND i.field = '{kind.column}'
              AND t.version = i.version AND t.{kind.column} IS NOT DISTINCT FROM i.after
            ORDER BY t.id FOR NO KEY UPDATE OF t
        )
        UPDATE {kind.table} t
        SET {kind.column} = chosen.before, version = t.version + 1, updated_at = now()
        FROM chosen
        WHERE t.organization_id = :organization_id AND t.id = chosen.id
    """)


_HAND_OVER = {kind.name: _hand_over(kind) for kind in KINDS}
_GIVE_BACK = {kind.name: _give_back(kind) for kind in KINDS}
_CHANGED = " UNION ALL ".join(
    f"""
    SELECT i.object_type, i.object_id, i.field, t.id IS NULL AS is_deleted
    FROM handover_items i
    LEFT JOIN {table} t ON t.organization_id = i.organization_id AND t.id = i.object_id
    WHERE i.organization_id = :organization_id AND i.handover_id = :handover
      AND i.object_type = '{table}' AND i.field = '{column}'
      AND (t.id IS NULL OR t.version <> i.version OR {differs})
    """
    for table, column, differs in (
        *((kind.table, kind.column, f"t.{kind.column} IS DISTINCT FROM i.after") for kind in KINDS),
        (*ACTIVITY, "t.is_active"),
    )
)
CHANGED = text(f"""
    SELECT c.*, count(*) OVER () AS total FROM ({_CHANGED}) c
    ORDER BY c.object_type, c.object_id LIMIT :shown
""")
COUNTS = text("""
    SELECT handover_id, object_type, field, count(*) AS number FROM handover_items
    WHERE organization_id = :organization_id AND handover_id = ANY(:handovers)
    GROUP BY handover_id, object_type, field
""")
